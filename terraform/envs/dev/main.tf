locals {
  labels = {
    app         = "footfall"
    environment = "dev"
    managed_by  = "terraform"
  }

  # No age limit for events and ledger: a Delta table whose old files are deleted under it can no longer be read, and a
  # ledger that forgets a file would take it in again.
  buckets = {
    raw        = { delete_after_days = var.raw_delete_after_days }
    events     = { delete_after_days = null }
    quarantine = { delete_after_days = var.quarantine_delete_after_days }
    ledger     = { delete_after_days = null }
    code       = { delete_after_days = null }
  }

  datasets = {
    events = "Events as committed to the lake, one row per event. Read by dbt."
    build  = "Where dbt builds and tests. Read by nobody else."
    marts  = "Published marts, replaced when a whole build is green. Read by analysts and the dashboard."
  }
}

module "service_account" {
  source   = "../../modules/service_account"
  for_each = local.workloads

  project_id    = var.project_id
  account_id    = "footfall-${each.key}"
  display_name  = "Footfall ${each.key} (dev)"
  description   = each.value
  project_roles = local.project_access[each.key]
  iam_members   = local.account_iam[each.key]
}

module "bucket" {
  source   = "../../modules/bucket"
  for_each = local.buckets

  project_id                   = var.project_id
  name                         = "${var.project_id}-footfall-${each.key}"
  location                     = var.region
  labels                       = merge(local.labels, { content = each.key })
  delete_after_days            = each.value.delete_after_days
  noncurrent_delete_after_days = var.noncurrent_delete_after_days
  kms_key_name                 = var.kms_key_name
  force_destroy                = var.force_destroy
  iam_members                  = local.bucket_iam[each.key]
}

module "dataset" {
  source   = "../../modules/dataset"
  for_each = local.datasets

  project_id                 = var.project_id
  dataset_id                 = "footfall_${each.key}"
  location                   = var.region
  description                = each.value
  labels                     = merge(local.labels, { content = each.key })
  kms_key_name               = var.kms_key_name
  delete_contents_on_destroy = var.force_destroy
  iam_members                = local.dataset_iam[each.key]
}

module "secret" {
  source   = "../../modules/secret"
  for_each = local.secret_access

  project_id          = var.project_id
  secret_id           = "footfall-${each.key}"
  location            = var.region
  labels              = merge(local.labels, { content = each.key })
  kms_key_name        = var.kms_key_name
  deletion_protection = !var.force_destroy
  iam_members         = local.secret_iam[each.key]
}

module "settings" {
  source = "../../modules/settings"

  project_id            = var.project_id
  region                = var.region
  zone_buckets          = { for zone in ["raw", "events", "quarantine", "ledger"] : zone => module.bucket[zone].name }
  code_bucket           = module.bucket["code"].name
  datasets              = { for layer, dataset in module.dataset : layer => dataset.dataset_id }
  spark_service_account = module.service_account["spark"].email
}
