terraform {
  required_version = "~> 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 7.0"
    }
  }

  # The bucket is given at `terraform init -backend-config="bucket=..."`, so the same files serve every project.
  backend "gcs" {
    prefix = "footfall/dev"
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
