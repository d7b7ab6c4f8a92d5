output "dataset_id" {
  description = "Name of the dataset."
  value       = google_bigquery_dataset.this.dataset_id
}

output "qualified_id" {
  description = "The dataset as PROJECT.DATASET, the way SQL writes it."
  value       = "${google_bigquery_dataset.this.project}.${google_bigquery_dataset.this.dataset_id}"
}

output "iam_members" {
  description = "The grants made, by the key they were given under."
  value       = { for key, grant in google_bigquery_dataset_iam_member.this : key => { role = grant.role, member = grant.member } }
}
