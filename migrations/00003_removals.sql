-- Removals that wait for an admin (rule R15), and what was decided of them.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_removal (
    resource_id BIGINT       NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    kind        VARCHAR(16)  NOT NULL,
    address     VARCHAR(255) NOT NULL,
    dn          {{.Text}}    NOT NULL,
    reason      {{.Text}}    NOT NULL,
    since       BIGINT       NOT NULL,
    decision    VARCHAR(16)  NOT NULL,
    PRIMARY KEY (resource_id, source_id)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_removal;
