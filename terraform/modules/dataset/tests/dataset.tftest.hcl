mock_provider "google" {}

variables {
  project_id  = "example-footfall"
  dataset_id  = "footfall_marts"
  location    = "europe-west1"
  description = "Published marts."
}

run "only_the_owners_of_the_project_to_begin_with" {
  command = plan

  assert {
    condition = [for entry in google_bigquery_dataset.this.access : "${entry.role} ${entry.special_group}"] == [
      "OWNER projectOwners"
    ]
    error_message = "Every reader of the project could read the dataset."
  }
  assert {
    condition     = length(google_bigquery_dataset_iam_member.this) == 0
    error_message = "A dataset nobody was given is open to somebody."
  }
  assert {
    condition     = !google_bigquery_dataset.this.delete_contents_on_destroy
    error_message = "Destroying the environment would take the tables with it."
  }
}

run "tables_stay_and_can_be_seen_as_they_were_a_week_ago" {
  command = plan

  assert {
    condition     = google_bigquery_dataset.this.max_time_travel_hours == "168"
    error_message = "Time travel is ${google_bigquery_dataset.this.max_time_travel_hours} hours."
  }
  assert {
    condition = (
      google_bigquery_dataset.this.default_table_expiration_ms == null &&
      google_bigquery_dataset.this.default_partition_expiration_ms == null
    )
    error_message = "Tables or partitions expire although nobody asked for it."
  }
}

run "expiration_is_in_days" {
  command = plan

  variables {
    table_expiration_days     = 2
    partition_expiration_days = 400
  }

  assert {
    condition     = google_bigquery_dataset.this.default_table_expiration_ms == 172800000
    error_message = "Two days are ${google_bigquery_dataset.this.default_table_expiration_ms} ms."
  }
  assert {
    condition     = google_bigquery_dataset.this.default_partition_expiration_ms == 34560000000
    error_message = "400 days are ${google_bigquery_dataset.this.default_partition_expiration_ms} ms."
  }
}

run "grants_are_those_asked_for" {
  command = plan

  variables {
    iam_members = {
      dashboard = { role = "roles/bigquery.dataViewer", member = "serviceAccount:dashboard@example-footfall.iam.gserviceaccount.com" }
    }
  }

  assert {
    condition     = tomap(output.iam_members) == var.iam_members
    error_message = "Granted ${jsonencode(output.iam_members)}."
  }
}

run "own_key" {
  command = plan

  variables {
    kms_key_name = "projects/example-footfall/locations/europe-west1/keyRings/footfall/cryptoKeys/warehouse"
  }

  assert {
    condition     = google_bigquery_dataset.this.default_encryption_configuration[0].kms_key_name == var.kms_key_name
    error_message = "Tables are not encrypted with the key given."
  }
}

run "refuses_everybody" {
  command = plan

  variables {
    iam_members = { world = { role = "roles/bigquery.dataViewer", member = "allAuthenticatedUsers" } }
  }

  expect_failures = [var.iam_members]
}

run "refuses_an_owner" {
  command = plan

  variables {
    iam_members = { boss = { role = "roles/bigquery.dataOwner", member = "user:boss@example.com" } }
  }

  expect_failures = [var.iam_members]
}

run "refuses_what_bigquery_would" {
  command = plan

  variables {
    project_id       = "Example Project"
    dataset_id       = "footfall-marts"
    location         = "europe west"
    description      = " "
    labels           = { app = "Foot Fall" }
    time_travel_days = 14
  }

  expect_failures = [var.project_id, var.dataset_id, var.location, var.description, var.labels, var.time_travel_days]
}
