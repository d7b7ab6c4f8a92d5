output "footfall_environment" {
  description = "Name and value of every FOOTFALL_* variable the cloud's processes need."
  value       = module.settings.environment
}

output "footfall_env_file" {
  description = "The same as lines of NAME=value: terraform output -raw footfall_env_file > footfall.env"
  value       = module.settings.env_file
}

output "service_accounts" {
  description = "Address of each workload's service account."
  value       = { for workload, account in module.service_account : workload => account.email }
}
