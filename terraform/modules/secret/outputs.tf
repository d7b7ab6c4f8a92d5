output "secret_id" {
  description = "Name of the secret."
  value       = google_secret_manager_secret.this.secret_id
}

output "iam_members" {
  description = "The grants made, by the key they were given under."
  value       = { for key, grant in google_secret_manager_secret_iam_member.this : key => { role = grant.role, member = grant.member } }
}
