package directory

import (
	"errors"
	"fmt"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// guarded calls f and returns a panic in it as an error that wraps a *recovered.Error: no answer of a server may end the
// panel's process. The value of the panic may be a text of the server's, and is masked.
func (r *Reader) guarded(f func() error) error {
	err := recovered.Do(f)
	var fault *recovered.Error
	if !errors.As(err, &fault) {
		return err
	}
	masked := &recovered.Error{Value: r.masker.text(fmt.Sprint(fault.Value)), Stack: fault.Stack}
	return fmt.Errorf("read the directory: %w", masked)
}
