output "email" {
  description = "Address of the service account."
  value       = google_service_account.this.email
}

output "member" {
  description = "The service account as IAM writes it: serviceAccount:EMAIL."
  value       = google_service_account.this.member
}

output "project_roles" {
  description = "The project roles granted, by the key they were given under, each with its condition or null."
  value = {
    for key, grant in google_project_iam_member.this : key => { role = grant.role, condition = try(grant.condition[0].expression, null) }
  }
}

output "iam_members" {
  description = "Who may act as the service account, by the key they were given under."
  value       = { for key, grant in google_service_account_iam_member.this : key => { role = grant.role, member = grant.member } }
}
