variable "project_id" {
  description = "Project the dataset is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id \"${var.project_id}\" is not a project id: 6 to 30 lower-case letters, digits and dashes, starting with a letter. Use the id, not the project's name or number."
  }
}

variable "dataset_id" {
  description = "Name of the dataset, unique in the project."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]*$", var.dataset_id)) && length(var.dataset_id) <= 1024
    error_message = "dataset_id \"${var.dataset_id}\" must be at most 1024 lower-case letters, digits and underscores, starting with a letter."
  }
}

variable "location" {
  description = "Region or multi-region of the dataset, such as europe-west1 or EU. It cannot be changed later, and loads need the bucket in the same place."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z]+[0-9]*(-[A-Za-z]+[0-9]+)?$", var.location))
    error_message = "location \"${var.location}\" is not a location. Use a region such as europe-west1 or a multi-region such as EU."
  }
}

variable "description" {
  description = "What the dataset holds and who reads it."
  type        = string

  validation {
    condition     = length(trimspace(var.description)) > 0
    error_message = "description is empty. Say in a sentence what the dataset holds and who reads it."
  }
}

variable "labels" {
  description = "Labels of the dataset, for cost reports and searches."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))
    ])
    error_message = "labels must be lower-case letters, digits, dashes and underscores, at most 63 characters, keys starting with a letter."
  }
}

variable "time_travel_days" {
  description = "Days a table's earlier state can be queried: 2 to 7."
  type        = number
  default     = 7

  validation {
    condition     = var.time_travel_days >= 2 && var.time_travel_days <= 7 && floor(var.time_travel_days) == var.time_travel_days
    error_message = "time_travel_days is ${var.time_travel_days}; BigQuery takes whole days from 2 to 7."
  }
}

variable "table_expiration_days" {
  description = "Days after which a new table is deleted; null keeps tables."
  type        = number
  default     = null

  validation {
    condition     = var.table_expiration_days == null || try(var.table_expiration_days >= 1, false)
    error_message = "table_expiration_days must be null or at least 1."
  }
}

variable "partition_expiration_days" {
  description = "Days after which a partition of a new table is deleted, counted from the partition's own date; null keeps partitions. With it, old dates vanish as they are loaded."
  type        = number
  default     = null

  validation {
    condition     = var.partition_expiration_days == null || try(var.partition_expiration_days >= 1, false)
    error_message = "partition_expiration_days must be null or at least 1."
  }
}

variable "kms_key_name" {
  description = "Cloud KMS key that encrypts new tables (projects/P/locations/L/keyRings/R/cryptoKeys/K); null leaves encryption to Google's own keys. The project's BigQuery service account must be allowed to use the key."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_name == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key_name))
    error_message = "kms_key_name must be null or a full key name: projects/P/locations/L/keyRings/R/cryptoKeys/K."
  }
}

variable "delete_contents_on_destroy" {
  description = "Let `terraform destroy` delete a dataset that still holds tables."
  type        = bool
  default     = false
}

variable "iam_members" {
  description = "Who may do what, one grant an entry. The keys name the grants and must be known before anything is made. Grants are additive: those made elsewhere stay."
  type = map(object({
    role   = string
    member = string
  }))
  default = {}

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : contains([
        "roles/bigquery.dataEditor",
        "roles/bigquery.dataViewer",
        "roles/bigquery.metadataViewer",
      ], grant.role)
    ])
    error_message = "iam_members holds a role a workload does not need on a dataset. Use roles/bigquery.dataViewer (read), dataEditor (read and write) or metadataViewer (see the tables, not their rows). Running queries is roles/bigquery.jobUser, granted on the project."
  }

  validation {
    condition = alltrue([
      for grant in values(var.iam_members) : can(regex("^(domain|group|principal|principalSet|serviceAccount|user):.+", grant.member))
    ])
    error_message = "iam_members holds a member that is not one known principal. Write serviceAccount:EMAIL, group:EMAIL, user:EMAIL, domain:NAME or principal(Set):...; allUsers and allAuthenticatedUsers are refused."
  }
}
