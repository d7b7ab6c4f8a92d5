mock_provider "google" {
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/example-footfall/serviceAccounts/footfall-spark@example-footfall.iam.gserviceaccount.com"
      email  = "footfall-spark@example-footfall.iam.gserviceaccount.com"
      member = "serviceAccount:footfall-spark@example-footfall.iam.gserviceaccount.com"
    }
  }
}

variables {
  project_id   = "example-footfall"
  account_id   = "footfall-spark"
  display_name = "Footfall spark"
  description  = "Runs the Spark job."
}

run "may_do_nothing_to_begin_with" {
  command = plan

  assert {
    condition     = length(google_project_iam_member.this) == 0 && length(google_service_account_iam_member.this) == 0
    error_message = "A service account nobody asked roles for has some."
  }
}

run "roles_and_users_are_those_asked_for" {
  variables {
    project_roles = {
      jobs   = { role = "roles/bigquery.jobUser" }
      worker = { role = "roles/dataproc.worker", condition = { title = "not the lake", description = "No buckets.", expression = "resource.service != \"storage.googleapis.com\"" } }
    }
    iam_members = {
      composer = { role = "roles/iam.serviceAccountUser", member = "serviceAccount:composer@example-footfall.iam.gserviceaccount.com" }
    }
  }

  assert {
    condition = output.project_roles == {
      jobs   = { role = "roles/bigquery.jobUser", condition = null }
      worker = { role = "roles/dataproc.worker", condition = "resource.service != \"storage.googleapis.com\"" }
    }
    error_message = "Granted ${jsonencode(output.project_roles)}."
  }
  assert {
    condition     = alltrue([for grant in google_project_iam_member.this : grant.member == "serviceAccount:${output.email}"])
    error_message = "A project role went to another member."
  }
  assert {
    condition     = tomap(output.iam_members) == var.iam_members
    error_message = "Those who may act as the account: ${jsonencode(output.iam_members)}."
  }
}

run "refuses_basic_roles" {
  command = plan

  variables {
    project_roles = { all = { role = "roles/editor" } }
  }

  expect_failures = [var.project_roles]
}

run "refuses_every_bucket_of_the_project" {
  command = plan

  variables {
    project_roles = { buckets = { role = "roles/storage.objectViewer" } }
  }

  expect_failures = [var.project_roles]
}

run "refuses_administrators" {
  command = plan

  variables {
    project_roles = { boss = { role = "roles/resourcemanager.projectIamAdmin" } }
  }

  expect_failures = [var.project_roles]
}

run "refuses_everybody" {
  command = plan

  variables {
    iam_members = { world = { role = "roles/iam.serviceAccountUser", member = "allUsers" } }
  }

  expect_failures = [var.iam_members]
}

run "refuses_what_iam_would" {
  command = plan

  variables {
    account_id   = "spark"
    display_name = ""
    description  = ""
  }

  expect_failures = [var.account_id, var.display_name, var.description]
}
