-- The objects without an account here on which a resource's aliases depend: contacts, people outside of the scope, nested groups
-- (rule R12). They are asked for by their identity, since nothing else tells that they are gone.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_unlinked (
    resource_id BIGINT      NOT NULL,
    source_id   VARCHAR(64) NOT NULL,
    PRIMARY KEY (resource_id, source_id)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_unlinked;
