-- The story of one account over all runs: its rows newest first by what the directory calls it, and which objects have
-- ever had an address.

-- +goose Up
{{.Index "account_resource_log_source" "account_resource_log" "source_id, id"}}
{{.Index "account_resource_log_address" "account_resource_log" "address, source_id, id"}}

-- +goose Down
DROP INDEX account_resource_log_address{{.On "account_resource_log"}};
DROP INDEX account_resource_log_source{{.On "account_resource_log"}};
