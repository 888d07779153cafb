package run

import (
	"context"
	"log/slog"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// logPanic writes the stack of a panic to the log; other errors have none. The log itself may be what panicked.
func logPanic(ctx context.Context, log *slog.Logger, err error) {
	if stack := recovered.Stack(err); stack != "" {
		_ = recovered.Do(func() error {
			log.ErrorContext(ctx, "a fault in the program was caught", "error", err, "stack", stack)
			return nil
		})
	}
}

// insist calls work, and once more if it panics: a lease must not be left. The error is that of the first call.
func insist(work func() error) error {
	err := recovered.Do(work)
	if recovered.Stack(err) != "" {
		_ = recovered.Do(work)
	}
	return err
}
