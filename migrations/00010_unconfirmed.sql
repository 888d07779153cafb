-- How many changes of each kind that is limited (rules R15, R23) a run made without an admin's confirmation: they count for an hour.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_unconfirmed (
    resource_id BIGINT      NOT NULL,
    run_id      BIGINT      NOT NULL,
    kind        VARCHAR(16) NOT NULL,
    changes     BIGINT      NOT NULL,
    made        BIGINT      NOT NULL,
    PRIMARY KEY (resource_id, run_id, kind)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_unconfirmed;
