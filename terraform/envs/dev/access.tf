# Who may do what, in one place: the workloads, and their roles on each zone, dataset and the project.

locals {
  workloads = {
    ingest    = "Lands files in the raw zone and opens their ledger records."
    spark     = "Parses, audits and commits events; writes quarantine and ledger."
    transform = "Loads events into BigQuery, runs dbt and publishes the marts."
    dashboard = "Reads the published marts."
  }

  # Users read, add, overwrite and delete objects. Ingest needs that on raw: after a run that died half-way it uploads
  # the same content under the same name again. The bucket reader is for programs that look at the bucket before its
  # objects: Spark's storage connector and BigQuery's loader.
  bucket_access = {
    raw = {
      ingest = ["roles/storage.objectUser"]
      spark  = ["roles/storage.objectViewer"]
    }
    events = {
      spark     = ["roles/storage.objectUser", "roles/storage.legacyBucketReader"]
      transform = ["roles/storage.objectViewer", "roles/storage.legacyBucketReader"]
    }
    quarantine = {
      spark = ["roles/storage.objectUser"]
    }
    ledger = {
      ingest = ["roles/storage.objectUser"]
      spark  = ["roles/storage.objectUser"]
    }
    code = {
      spark = ["roles/storage.objectViewer", "roles/storage.legacyBucketReader"]
    }
  }

  dataset_access = {
    events = { transform = ["roles/bigquery.dataEditor"] }
    build  = { transform = ["roles/bigquery.dataEditor"] }
    marts = {
      transform = ["roles/bigquery.dataEditor"]
      dashboard = ["roles/bigquery.dataViewer"]
    }
  }

  # The visitor key makes a visitor's hash, the event key the identity of a line. Both are read by name
  # (footfall/lake/keys.py), by the job that reads raw lines.
  secret_access = {
    visitor-key = { spark = ["roles/secretmanager.secretAccessor"] }
    event-key   = { spark = ["roles/secretmanager.secretAccessor"] }
  }

  # An orchestrator starts Spark as the spark account, and its own tasks act as the account of the step they run.
  account_access = {
    ingest    = ["roles/iam.serviceAccountTokenCreator"]
    spark     = ["roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser"]
    transform = ["roles/iam.serviceAccountTokenCreator"]
    dashboard = []
  }

  # Dataproc refuses a service account that is not its worker, and the worker's role reads and writes every bucket of
  # the project. The condition leaves it the buckets Dataproc makes for itself; the zones are granted above.
  dataproc_worker_condition = {
    title       = "not the lake"
    description = "Everything of the role except buckets other than those Dataproc makes for itself."
    expression  = "resource.service != \"storage.googleapis.com\" || resource.name.startsWith(\"projects/_/buckets/dataproc-\")"
  }

  project_access = {
    ingest    = {}
    spark     = { dataproc-worker = { role = "roles/dataproc.worker", condition = local.dataproc_worker_condition } }
    transform = { bigquery-jobs = { role = "roles/bigquery.jobUser" } }
    dashboard = { bigquery-jobs = { role = "roles/bigquery.jobUser" } }
  }

  # People and systems outside this configuration.
  guests = {
    quarantine = { for name, member in var.quarantine_readers : "guest ${name}" => { role = "roles/storage.objectViewer", member = member } }
    marts      = { for name, member in var.mart_readers : "guest ${name}" => { role = "roles/bigquery.dataViewer", member = member } }
  }

  account_iam = {
    for workload, roles in local.account_access : workload => merge([
      for name, member in var.orchestrators : {
        for role in roles : "${name} ${basename(role)}" => { role = role, member = member }
      }
    ]...)
  }

  # The grants the modules take: {"spark storage.objectUser" = {role, member}}. The keys hold no address, because an
  # address is not known before the service account is made.
  bucket_iam = {
    for bucket, access in local.bucket_access : bucket => merge(lookup(local.guests, bucket, {}), [
      for workload, roles in access : {
        for role in roles : "${workload} ${basename(role)}" => { role = role, member = module.service_account[workload].member }
      }
    ]...)
  }
  dataset_iam = {
    for dataset, access in local.dataset_access : dataset => merge(lookup(local.guests, dataset, {}), [
      for workload, roles in access : {
        for role in roles : "${workload} ${basename(role)}" => { role = role, member = module.service_account[workload].member }
      }
    ]...)
  }
  secret_iam = {
    for secret, access in local.secret_access : secret => merge([
      for workload, roles in access : {
        for role in roles : "${workload} ${basename(role)}" => { role = role, member = module.service_account[workload].member }
      }
    ]...)
  }
}
