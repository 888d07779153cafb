-- How far the run of a resource is, for every process of the panel, and whether somebody wants it to stop. One row a
-- resource: what a run came to stands in its own row.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_progress (
    resource_id BIGINT       NOT NULL PRIMARY KEY,
    run_id      BIGINT       NOT NULL,
    phase       VARCHAR(16)  NOT NULL,
    server      VARCHAR(255) NOT NULL,
    objects     BIGINT       NOT NULL,
    expected    BIGINT       NOT NULL,
    planned     BIGINT       NOT NULL,
    done        BIGINT       NOT NULL,
    cancelled   SMALLINT     NOT NULL
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_progress;
