package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// guarded calls f and returns a panic in it as an error, after logging it with its stack: no answer of a server may end
// the panel's process. The value of the panic may be a text of the server's, and is masked.
func (r *Reader) guarded(ctx context.Context, f func() error) error {
	err := recovered.Do(f)
	var fault *recovered.Error
	if !errors.As(err, &fault) {
		return err
	}
	what := r.masker.text(fmt.Sprint(fault.Value))
	r.options.Logger.ErrorContext(ctx, "panic while reading a directory", "panic", what, "stack", string(fault.Stack))
	return fmt.Errorf("read the directory: panic: %s", what)
}
