# One BigQuery dataset and who may use it.

resource "google_bigquery_dataset" "this" {
  #checkov:skip=CKV_GCP_81: a customer-managed key is the caller's choice (kms_key_name); without one BigQuery encrypts with Google's own keys.
  project     = var.project_id
  dataset_id  = var.dataset_id
  location    = var.location
  description = var.description
  labels      = var.labels

  # BigQuery's interface takes the hours as text.
  max_time_travel_hours = tostring(var.time_travel_days * 24)

  default_table_expiration_ms     = var.table_expiration_days == null ? null : var.table_expiration_days * 86400000
  default_partition_expiration_ms = var.partition_expiration_days == null ? null : var.partition_expiration_days * 86400000
  delete_contents_on_destroy      = var.delete_contents_on_destroy

  # Unless told otherwise BigQuery lets every reader of the project read a new dataset, and every editor write to it.
  access {
    role          = "OWNER"
    special_group = "projectOwners"
  }

  dynamic "default_encryption_configuration" {
    for_each = var.kms_key_name == null ? [] : [var.kms_key_name]

    content {
      kms_key_name = default_encryption_configuration.value
    }
  }

  lifecycle {
    # The grants below, and those other teams make, live in the same list; without this line each apply removes them.
    ignore_changes = [access]
  }
}

resource "google_bigquery_dataset_iam_member" "this" {
  for_each = var.iam_members

  project    = var.project_id
  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = each.value.role
  member     = each.value.member
}
