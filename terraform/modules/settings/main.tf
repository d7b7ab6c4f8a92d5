# The environment variables a Footfall process reads (footfall/settings.py), made from what an environment built. It
# makes nothing in the cloud and needs no provider, so the tests apply it and hand the result to Footfall's own settings.

locals {
  zones    = { for zone, bucket in var.zone_buckets : "FOOTFALL_LAKE__${upper(zone)}" => "gs://${bucket}" }
  datasets = { for layer, dataset in var.datasets : "FOOTFALL_GCP__${upper(layer)}_DATASET" => dataset }

  environment = merge(local.zones, local.datasets, {
    FOOTFALL_ENV                        = "gcp"
    FOOTFALL_DBT_TARGET                 = "bigquery"
    FOOTFALL_GCP__PROJECT               = var.project_id
    FOOTFALL_GCP__REGION                = var.region
    FOOTFALL_GCP__CODE_BUCKET           = "gs://${var.code_bucket}"
    FOOTFALL_GCP__SPARK_SERVICE_ACCOUNT = var.spark_service_account
  })
}
