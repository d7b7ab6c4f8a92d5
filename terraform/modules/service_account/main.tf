# One service account, what it may do on the project, and who may act as it. It has no keys: a workload runs as it, or
# impersonates it.

resource "google_service_account" "this" {
  project      = var.project_id
  account_id   = var.account_id
  display_name = var.display_name
  description  = var.description
}

resource "google_project_iam_member" "this" {
  for_each = var.project_roles

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.this.member

  dynamic "condition" {
    for_each = each.value.condition == null ? [] : [each.value.condition]

    content {
      title       = condition.value.title
      description = condition.value.description
      expression  = condition.value.expression
    }
  }
}

resource "google_service_account_iam_member" "this" {
  for_each = var.iam_members

  service_account_id = google_service_account.this.name
  role               = each.value.role
  member             = each.value.member
}
