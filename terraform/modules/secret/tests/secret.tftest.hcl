mock_provider "google" {}

variables {
  project_id = "example-footfall"
  secret_id  = "footfall-visitor-key"
  location   = "europe-west1"
}

run "kept_in_one_region_and_safe_from_a_slip" {
  command = plan

  assert {
    condition     = [for replica in google_secret_manager_secret.this.replication[0].user_managed[0].replicas : replica.location] == ["europe-west1"]
    error_message = "The secret is kept elsewhere too."
  }
  assert {
    condition     = google_secret_manager_secret.this.deletion_protection && google_secret_manager_secret.this.version_destroy_ttl == "2592000s"
    error_message = "A key could be lost at once, and with it every visitor's identity."
  }
  assert {
    condition     = length(google_secret_manager_secret_iam_member.this) == 0
    error_message = "A secret nobody was given is open to somebody."
  }
}

run "grants_are_those_asked_for" {
  command = plan

  variables {
    kms_key_name = "projects/example-footfall/locations/europe-west1/keyRings/footfall/cryptoKeys/secrets"
    iam_members = {
      spark = { role = "roles/secretmanager.secretAccessor", member = "serviceAccount:spark@example-footfall.iam.gserviceaccount.com" }
    }
  }

  assert {
    condition     = tomap(output.iam_members) == var.iam_members
    error_message = "Granted ${jsonencode(output.iam_members)}."
  }
  assert {
    condition     = google_secret_manager_secret.this.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key_name
    error_message = "The secret is not encrypted with the key given."
  }
}

run "refuses_everybody" {
  command = plan

  variables {
    iam_members = { world = { role = "roles/secretmanager.secretAccessor", member = "allUsers" } }
  }

  expect_failures = [var.iam_members]
}

run "refuses_what_secret_manager_would" {
  command = plan

  variables {
    secret_id          = "footfall/visitor"
    location           = "EU"
    destroy_delay_days = 0
  }

  expect_failures = [var.secret_id, var.location, var.destroy_delay_days]
}
