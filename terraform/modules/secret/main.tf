# One secret in Secret Manager and who may read it. Its value is added by a person, never by Terraform: whatever
# Terraform knows is in its state, in plain text.

resource "google_secret_manager_secret" "this" {
  project             = var.project_id
  secret_id           = var.secret_id
  labels              = var.labels
  deletion_protection = var.deletion_protection

  # A destroyed version is only disabled until then, so a slip can be taken back.
  version_destroy_ttl = "${var.destroy_delay_days * 86400}s"

  replication {
    user_managed {
      replicas {
        location = var.location

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key_name == null ? [] : [var.kms_key_name]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = var.iam_members

  project   = var.project_id
  secret_id = google_secret_manager_secret.this.secret_id
  role      = each.value.role
  member    = each.value.member
}
