mock_provider "google" {}

variables {
  project_id = "example-footfall"
  name       = "example-footfall-raw"
  location   = "europe-west1"
}

run "nothing_in_it_can_be_public" {
  command = plan

  assert {
    condition     = google_storage_bucket.this.public_access_prevention == "enforced"
    error_message = "Public access prevention is ${google_storage_bucket.this.public_access_prevention}, not enforced."
  }
  assert {
    condition     = google_storage_bucket.this.uniform_bucket_level_access
    error_message = "Objects could carry access lists of their own."
  }
  assert {
    condition     = length(google_storage_bucket_iam_member.this) == 0
    error_message = "A bucket nobody was given is open to somebody."
  }
}

run "what_is_deleted_can_come_back" {
  command = plan

  assert {
    condition     = google_storage_bucket.this.versioning[0].enabled && !google_storage_bucket.this.force_destroy
    error_message = "An overwritten object, or the whole bucket, could be lost at once."
  }
  assert {
    condition     = google_storage_bucket.this.soft_delete_policy[0].retention_duration_seconds == 7 * 86400
    error_message = "Deleted objects are not kept for seven days."
  }
  assert {
    condition = [for rule in google_storage_bucket.this.lifecycle_rule : rule.condition if one(rule.action).type == "Delete"] == [
      for rule in google_storage_bucket.this.lifecycle_rule : rule.condition if one(rule.condition).with_state == "ARCHIVED"
    ]
    error_message = "Unless told otherwise, only noncurrent versions are ever deleted."
  }
}

run "objects_are_deleted_by_age_when_told" {
  command = plan

  variables {
    delete_after_days = 400
    retention_days    = 30
  }

  assert {
    condition = anytrue([
      for rule in google_storage_bucket.this.lifecycle_rule :
      one(rule.action).type == "Delete" && one(rule.condition).age == 400 && one(rule.condition).with_state == "LIVE"
    ])
    error_message = "No rule deletes objects after 400 days."
  }
  assert {
    condition     = tonumber(google_storage_bucket.this.retention_policy[0].retention_period) == 30 * 86400
    error_message = "Objects are not retained for 30 days."
  }
  assert {
    condition     = !google_storage_bucket.this.retention_policy[0].is_locked
    error_message = "A locked retention policy can never be taken back."
  }
}

run "no_versions_no_rule_for_them" {
  command = plan

  variables {
    versioning = false
  }

  assert {
    condition     = alltrue([for rule in google_storage_bucket.this.lifecycle_rule : one(rule.action).type == "AbortIncompleteMultipartUpload"])
    error_message = "A bucket without versions has a rule that deletes."
  }
}

run "grants_are_those_asked_for" {
  command = plan

  variables {
    iam_members = {
      "ingest adds"  = { role = "roles/storage.objectCreator", member = "serviceAccount:ingest@example-footfall.iam.gserviceaccount.com" }
      "ingest reads" = { role = "roles/storage.objectViewer", member = "serviceAccount:ingest@example-footfall.iam.gserviceaccount.com" }
    }
  }

  assert {
    condition     = tomap(output.iam_members) == var.iam_members
    error_message = "Granted ${jsonencode(output.iam_members)}."
  }
}

run "own_key_and_usage_logs" {
  command = plan

  variables {
    kms_key_name      = "projects/example-footfall/locations/europe-west1/keyRings/footfall/cryptoKeys/lake"
    access_log_bucket = "example-logs"
  }

  assert {
    condition     = google_storage_bucket.this.encryption[0].default_kms_key_name == var.kms_key_name
    error_message = "Objects are not encrypted with the key given."
  }
  assert {
    condition     = google_storage_bucket.this.logging[0].log_bucket == "example-logs"
    error_message = "Usage logs do not go to the bucket given."
  }
}

run "refuses_everybody" {
  command = plan

  variables {
    iam_members = { world = { role = "roles/storage.objectViewer", member = "allUsers" } }
  }

  expect_failures = [var.iam_members]
}

run "refuses_an_administrator" {
  command = plan

  variables {
    iam_members = { boss = { role = "roles/storage.admin", member = "user:boss@example.com" } }
  }

  expect_failures = [var.iam_members]
}

run "refuses_what_cloud_storage_would" {
  command = plan

  variables {
    name             = "Footfall_"
    location         = "europe west"
    storage_class    = "FROZEN"
    labels           = { App = "footfall" }
    soft_delete_days = 3
    kms_key_name     = "my-key"
  }

  expect_failures = [var.name, var.location, var.storage_class, var.labels, var.soft_delete_days, var.kms_key_name]
}

run "refuses_to_log_into_itself" {
  command = plan

  variables {
    access_log_bucket = "example-footfall-raw"
  }

  expect_failures = [var.access_log_bucket]
}

run "refuses_deletion_before_retention_is_over" {
  command = plan

  variables {
    delete_after_days = 10
    retention_days    = 30
  }

  expect_failures = [google_storage_bucket.this]
}
