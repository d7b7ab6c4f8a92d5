variables {
  project_id            = "example-footfall"
  region                = "europe-west1"
  zone_buckets          = { raw = "b-raw", events = "b-events", quarantine = "b-quarantine", ledger = "b-ledger" }
  code_bucket           = "b-code"
  datasets              = { events = "footfall_events", build = "footfall_build", marts = "footfall_marts" }
  spark_service_account = "footfall-spark@example-footfall.iam.gserviceaccount.com"
}

run "every_line_sets_one_variable" {
  command = plan

  assert {
    condition     = { for line in compact(split("\n", output.env_file)) : split("=", line)[0] => split("=", line)[1] } == output.environment
    error_message = "The file and the map differ: ${output.env_file}"
  }
}

run "refuses_a_missing_zone" {
  command = plan

  variables {
    zone_buckets = { raw = "b-raw", events = "b-events", quarantine = "b-quarantine" }
  }

  expect_failures = [var.zone_buckets]
}

run "refuses_another_dataset" {
  command = plan

  variables {
    datasets = { events = "footfall_events", build = "footfall_build", marts = "footfall_marts", extra = "x" }
  }

  expect_failures = [var.datasets]
}

run "refuses_a_uri_and_a_member" {
  command = plan

  variables {
    code_bucket           = "gs://b-code"
    spark_service_account = "serviceAccount:footfall-spark@example-footfall.iam.gserviceaccount.com"
  }

  expect_failures = [var.code_bucket, var.spark_service_account]
}
