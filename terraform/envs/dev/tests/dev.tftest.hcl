# The whole environment is planned and applied against a provider that invents what Google would answer.
mock_provider "google" {
  override_during = plan
}

override_resource {
  target = module.service_account["ingest"].google_service_account.this
  values = { email = "footfall-ingest@example-dev.iam.gserviceaccount.com", member = "serviceAccount:footfall-ingest@example-dev.iam.gserviceaccount.com" }
}
override_resource {
  target = module.service_account["spark"].google_service_account.this
  values = { email = "footfall-spark@example-dev.iam.gserviceaccount.com", member = "serviceAccount:footfall-spark@example-dev.iam.gserviceaccount.com" }
}
override_resource {
  target = module.service_account["transform"].google_service_account.this
  values = { email = "footfall-transform@example-dev.iam.gserviceaccount.com", member = "serviceAccount:footfall-transform@example-dev.iam.gserviceaccount.com" }
}
override_resource {
  target = module.service_account["dashboard"].google_service_account.this
  values = { email = "footfall-dashboard@example-dev.iam.gserviceaccount.com", member = "serviceAccount:footfall-dashboard@example-dev.iam.gserviceaccount.com" }
}

variables {
  project_id         = "example-dev"
  orchestrators      = { composer = "serviceAccount:composer@example-dev.iam.gserviceaccount.com" }
  mart_readers       = { analysts = "group:analysts@example.com" }
  quarantine_readers = { stewards = "group:stewards@example.com" }
}

run "one_bucket_a_zone_and_one_dataset_a_layer" {
  assert {
    condition = { for name, bucket in module.bucket : name => bucket.name } == {
      raw        = "example-dev-footfall-raw"
      events     = "example-dev-footfall-events"
      quarantine = "example-dev-footfall-quarantine"
      ledger     = "example-dev-footfall-ledger"
      code       = "example-dev-footfall-code"
    }
    error_message = "Buckets: ${jsonencode({ for name, bucket in module.bucket : name => bucket.name })}"
  }
  assert {
    condition = { for layer, dataset in module.dataset : layer => dataset.dataset_id } == {
      events = "footfall_events"
      build  = "footfall_build"
      marts  = "footfall_marts"
    }
    error_message = "Datasets: ${jsonencode({ for layer, dataset in module.dataset : layer => dataset.dataset_id })}"
  }
  assert {
    condition     = toset(keys(output.service_accounts)) == toset(["ingest", "spark", "transform", "dashboard"])
    error_message = "Service accounts: ${join(", ", keys(output.service_accounts))}"
  }
}

run "each_workload_has_the_roles_it_needs_on_the_zones_it_needs" {
  assert {
    condition = jsonencode({
      for name, bucket in module.bucket : name => sort([for grant in bucket.iam_members : "${split("@", grant.member)[0]} ${grant.role}"])
      }) == jsonencode({
      raw = [
        "serviceAccount:footfall-ingest roles/storage.objectUser",
        "serviceAccount:footfall-spark roles/storage.objectViewer",
      ]
      events = [
        "serviceAccount:footfall-spark roles/storage.legacyBucketReader",
        "serviceAccount:footfall-spark roles/storage.objectUser",
        "serviceAccount:footfall-transform roles/storage.legacyBucketReader",
        "serviceAccount:footfall-transform roles/storage.objectViewer",
      ]
      quarantine = [
        "group:stewards roles/storage.objectViewer",
        "serviceAccount:footfall-spark roles/storage.objectUser",
      ]
      ledger = [
        "serviceAccount:footfall-ingest roles/storage.objectUser",
        "serviceAccount:footfall-spark roles/storage.objectUser",
      ]
      code = [
        "serviceAccount:footfall-spark roles/storage.legacyBucketReader",
        "serviceAccount:footfall-spark roles/storage.objectViewer",
      ]
    })
    error_message = "Bucket grants: ${jsonencode({ for name, bucket in module.bucket : name => bucket.iam_members })}"
  }
  assert {
    condition = jsonencode({
      for layer, dataset in module.dataset : layer => sort([for grant in dataset.iam_members : "${split("@", grant.member)[0]} ${grant.role}"])
      }) == jsonencode({
      events = ["serviceAccount:footfall-transform roles/bigquery.dataEditor"]
      build  = ["serviceAccount:footfall-transform roles/bigquery.dataEditor"]
      marts = [
        "group:analysts roles/bigquery.dataViewer",
        "serviceAccount:footfall-dashboard roles/bigquery.dataViewer",
        "serviceAccount:footfall-transform roles/bigquery.dataEditor",
      ]
    })
    error_message = "Dataset grants: ${jsonencode({ for layer, dataset in module.dataset : layer => dataset.iam_members })}"
  }
  assert {
    condition = { for workload, account in module.service_account : workload => values(account.project_roles)[*].role } == {
      ingest    = []
      spark     = ["roles/dataproc.worker"]
      transform = ["roles/bigquery.jobUser"]
      dashboard = ["roles/bigquery.jobUser"]
    }
    error_message = "Project roles: ${jsonencode({ for workload, account in module.service_account : workload => account.project_roles })}"
  }
}

run "spark_reaches_no_bucket_by_way_of_the_project" {
  assert {
    condition     = module.service_account["spark"].project_roles["dataproc-worker"].condition == "resource.service != \"storage.googleapis.com\" || resource.name.startsWith(\"projects/_/buckets/dataproc-\")"
    error_message = "The Dataproc worker's role is not limited: ${jsonencode(module.service_account["spark"].project_roles)}"
  }
}

run "only_the_orchestrator_acts_as_a_workload" {
  assert {
    condition = jsonencode({
      for workload, account in module.service_account : workload => sort([for grant in account.iam_members : "${split("@", grant.member)[0]} ${grant.role}"])
      }) == jsonencode({
      ingest    = ["serviceAccount:composer roles/iam.serviceAccountTokenCreator"]
      spark     = ["serviceAccount:composer roles/iam.serviceAccountTokenCreator", "serviceAccount:composer roles/iam.serviceAccountUser"]
      transform = ["serviceAccount:composer roles/iam.serviceAccountTokenCreator"]
      dashboard = []
    })
    error_message = "Those who may act as the workloads: ${jsonencode({ for workload, account in module.service_account : workload => account.iam_members })}"
  }
}

run "spark_alone_reads_the_keys_where_footfall_looks_for_them" {
  assert {
    condition = jsonencode({
      for secret in module.secret : secret.secret_id => [for grant in secret.iam_members : "${split("@", grant.member)[0]} ${grant.role}"]
      }) == jsonencode({
      footfall-visitor-key = ["serviceAccount:footfall-spark roles/secretmanager.secretAccessor"]
      footfall-event-key   = ["serviceAccount:footfall-spark roles/secretmanager.secretAccessor"]
    })
    error_message = "Secrets: ${jsonencode(module.secret)}"
  }
}

run "an_age_limit_touches_raw_and_quarantine_alone" {
  variables {
    raw_delete_after_days        = 400
    quarantine_delete_after_days = 90
  }

  assert {
    condition = { for name, bucket in local.buckets : name => bucket.delete_after_days } == {
      raw        = 400
      events     = null
      quarantine = 90
      ledger     = null
      code       = null
    }
    error_message = "A Delta table or the ledger is emptied by age: ${jsonencode(local.buckets)}"
  }
}

run "processes_get_what_was_built" {
  assert {
    condition = output.footfall_environment == {
      FOOTFALL_ENV                        = "gcp"
      FOOTFALL_DBT_TARGET                 = "bigquery"
      FOOTFALL_LAKE__RAW                  = "gs://example-dev-footfall-raw"
      FOOTFALL_LAKE__EVENTS               = "gs://example-dev-footfall-events"
      FOOTFALL_LAKE__QUARANTINE           = "gs://example-dev-footfall-quarantine"
      FOOTFALL_LAKE__LEDGER               = "gs://example-dev-footfall-ledger"
      FOOTFALL_GCP__PROJECT               = "example-dev"
      FOOTFALL_GCP__REGION                = "europe-west1"
      FOOTFALL_GCP__EVENTS_DATASET        = "footfall_events"
      FOOTFALL_GCP__BUILD_DATASET         = "footfall_build"
      FOOTFALL_GCP__MARTS_DATASET         = "footfall_marts"
      FOOTFALL_GCP__CODE_BUCKET           = "gs://example-dev-footfall-code"
      FOOTFALL_GCP__SPARK_SERVICE_ACCOUNT = "footfall-spark@example-dev.iam.gserviceaccount.com"
    }
    error_message = "Environment: ${jsonencode(output.footfall_environment)}"
  }
}

run "needs_nothing_but_a_project" {
  command = plan

  variables {
    orchestrators      = {}
    mart_readers       = {}
    quarantine_readers = {}
  }

  assert {
    condition     = alltrue([for account in module.service_account : length(account.iam_members) == 0])
    error_message = "Somebody may act as a workload although nobody was named."
  }
}

run "refuses_everybody" {
  command = plan

  variables {
    mart_readers = { world = "allUsers" }
  }

  expect_failures = [var.mart_readers]
}
