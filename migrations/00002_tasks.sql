-- What is still to be done in the databases of applications after an account was renamed or deleted: written together
-- with the log row, deleted when it is done, in the order of its key.

-- +goose Up
CREATE TABLE IF NOT EXISTS account_resource_task (
    id          {{.Serial}},
    resource_id BIGINT      NOT NULL,
    application VARCHAR(32) NOT NULL,
    work        {{.Text}}   NOT NULL,
    error       {{.Text}}   NOT NULL,
    created     BIGINT      NOT NULL,
    CONSTRAINT account_resource_task_order UNIQUE (resource_id, id)
) {{.Table}};

-- +goose Down
DROP TABLE account_resource_task;
