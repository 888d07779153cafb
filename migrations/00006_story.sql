-- The story of one account over all runs. Objects come in no order, and an index of the log by object would cost every
-- batch of a run more than the batch itself: what a run has logged is entered after it has ended, all of it in order.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_story (
    resource_id BIGINT       NOT NULL,
    subject     VARCHAR(500) NOT NULL,
    log_id      BIGINT       NOT NULL,
    PRIMARY KEY (resource_id, subject, log_id),
    CONSTRAINT account_resource_story_order UNIQUE (resource_id, log_id)
) {{.Table}};

-- Which objects ever had an address.
CREATE TABLE IF NOT EXISTS account_resource_name (
    resource_id BIGINT       NOT NULL,
    address     VARCHAR(500) NOT NULL,
    source_id   VARCHAR(64)  NOT NULL,
    PRIMARY KEY (resource_id, address, source_id)
) {{.Table}};

-- Up to which row the log of a resource is entered.
CREATE TABLE IF NOT EXISTS account_resource_told (
    resource_id BIGINT NOT NULL PRIMARY KEY,
    log_id      BIGINT NOT NULL
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_told;
DROP TABLE account_resource_name;
DROP TABLE account_resource_story;
