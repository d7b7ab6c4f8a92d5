variable "project_id" {
  description = "Project of this environment. One project an environment: names of datasets and service accounts repeat."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is not a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter. Use the id, not the project's name or number."
  }
}

variable "region" {
  description = "Region of the buckets, the datasets and Spark. A load from a bucket elsewhere fails, so there is one."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region \"${var.region}\" is not a region. Use one such as europe-west1."
  }
}

variable "raw_delete_after_days" {
  description = "Days a raw file is kept. The raw zone is the only one that holds addresses, and the only one everything can be rebuilt from; null keeps files for ever."
  type        = number
  default     = null

  validation {
    condition     = var.raw_delete_after_days == null || try(var.raw_delete_after_days >= 1, false)
    error_message = "raw_delete_after_days must be null or at least 1."
  }
}

variable "quarantine_delete_after_days" {
  description = "Days a quarantined line is kept; null keeps lines for ever."
  type        = number
  default     = null

  validation {
    condition     = var.quarantine_delete_after_days == null || try(var.quarantine_delete_after_days >= 1, false)
    error_message = "quarantine_delete_after_days must be null or at least 1."
  }
}

variable "noncurrent_delete_after_days" {
  description = "Days an overwritten or deleted object is kept, in every bucket."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_delete_after_days >= 1
    error_message = "noncurrent_delete_after_days is ${var.noncurrent_delete_after_days}; it must be at least 1."
  }
}

variable "kms_key_name" {
  description = "Cloud KMS key for all buckets, datasets and secrets (projects/P/locations/L/keyRings/R/cryptoKeys/K); null leaves encryption to Google's own keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be null or a full key name: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "orchestrators" {
  description = "Who runs the DAGs, by a name of your choice: the service account of Cloud Composer. They may start Spark jobs and act as the ingest, spark and transform accounts."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.orchestrators) : can(regex("^(group|serviceAccount|user):.+@.+", member))])
    error_message = "orchestrators must hold members such as serviceAccount:EMAIL, group:EMAIL or user:EMAIL."
  }
}

variable "mart_readers" {
  description = "Who may read the published marts besides the dashboard, by a name of your choice: groups of analysts."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.mart_readers) : can(regex("^(group|serviceAccount|user):.+@.+", member))])
    error_message = "mart_readers must hold members such as group:EMAIL, user:EMAIL or serviceAccount:EMAIL."
  }
}

variable "quarantine_readers" {
  description = "Who may look at quarantined lines, by a name of your choice: groups of data stewards."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for member in values(var.quarantine_readers) : can(regex("^(group|serviceAccount|user):.+@.+", member))])
    error_message = "quarantine_readers must hold members such as group:EMAIL, user:EMAIL or serviceAccount:EMAIL."
  }
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete buckets and datasets that still hold data, and the two secret keys."
  type        = bool
  default     = false
}
