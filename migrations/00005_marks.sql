-- Up to where a resource has been replicated, by the counter of which server's database, and the objects that have to be
-- looked at again although they do not change (rules R17, R18).

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_mark (
    resource_id BIGINT      NOT NULL PRIMARY KEY,
    invocation  VARCHAR(64) NOT NULL,
    usn         BIGINT      NOT NULL,
    revision    BIGINT      NOT NULL,
    full_run    BIGINT      NOT NULL,
    unsettled   SMALLINT    NOT NULL
) {{.Table}};

CREATE TABLE IF NOT EXISTS account_resource_again (
    resource_id BIGINT      NOT NULL,
    source_id   VARCHAR(64) NOT NULL,
    kind        VARCHAR(16) NOT NULL,
    PRIMARY KEY (resource_id, source_id, kind)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_again;
DROP TABLE account_resource_mark;
