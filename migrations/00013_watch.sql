-- Which process watches a resource's directory for changes, by the database's clock, and how that is going. A process that is silent loses
-- the watch to another.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_watch (
    resource_id BIGINT       NOT NULL PRIMARY KEY,
    owner       VARCHAR(255) NOT NULL,
    expires     BIGINT       NOT NULL,
    server      VARCHAR(255) NOT NULL,
    since       BIGINT       NOT NULL,
    seen        BIGINT       NOT NULL,
    problem     {{.Text}}    NOT NULL
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_watch;
