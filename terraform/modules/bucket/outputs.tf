output "name" {
  description = "Name of the bucket."
  value       = google_storage_bucket.this.name
}

output "uri" {
  description = "The bucket as gs://NAME."
  value       = "gs://${google_storage_bucket.this.name}"
}

output "iam_members" {
  description = "The grants made, by the key they were given under."
  value       = { for key, grant in google_storage_bucket_iam_member.this : key => { role = grant.role, member = grant.member } }
}
