# One Cloud Storage bucket and who may use it.
#
# Not settable, because no zone of a lake needs it otherwise: access is by IAM alone (no object ACLs) and nothing in
# the bucket can be made public.

resource "google_storage_bucket" "this" {
  #checkov:skip=CKV_GCP_62: access is logged by Cloud Audit Logs (Data Access), which Google recommends over usage logs; a caller who needs usage logs sets access_log_bucket.
  project       = var.project_id
  name          = var.name
  location      = var.location
  storage_class = var.storage_class
  labels        = var.labels
  force_destroy = var.force_destroy

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = var.versioning
  }

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  # An upload that died half-way is billed and invisible to a listing.
  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = var.abort_upload_after_days
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.versioning ? [var.noncurrent_delete_after_days] : []

    content {
      action {
        type = "Delete"
      }
      condition {
        days_since_noncurrent_time = lifecycle_rule.value
        with_state                 = "ARCHIVED"
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = var.delete_after_days == null ? [] : [var.delete_after_days]

    content {
      action {
        type = "Delete"
      }
      condition {
        age        = lifecycle_rule.value
        with_state = "LIVE"
      }
    }
  }

  dynamic "retention_policy" {
    for_each = var.retention_days == null ? [] : [var.retention_days]

    content {
      retention_period = retention_policy.value * 86400
      is_locked        = false
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key_name == null ? [] : [var.kms_key_name]

    content {
      default_kms_key_name = encryption.value
    }
  }

  dynamic "logging" {
    for_each = var.access_log_bucket == null ? [] : [var.access_log_bucket]

    content {
      log_bucket        = logging.value
      log_object_prefix = var.name
    }
  }

  lifecycle {
    precondition {
      condition     = var.retention_days == null || var.delete_after_days == null || try(var.delete_after_days >= var.retention_days, false)
      error_message = "Bucket ${var.name}: delete_after_days comes before retention_days is over, so the deletion would be refused every day. Make delete_after_days at least retention_days."
    }
  }
}

resource "google_storage_bucket_iam_member" "this" {
  for_each = var.iam_members

  bucket = google_storage_bucket.this.name
  role   = each.value.role
  member = each.value.member
}
