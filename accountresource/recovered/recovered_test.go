package recovered_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

func breaks() error { panic(io.ErrUnexpectedEOF) }

func TestAPanicIsAnErrorWithItsStack(t *testing.T) {
	err := fmt.Errorf("read a page: %w", recovered.Do(breaks))
	var fault *recovered.Error
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "read a page: panic: unexpected EOF", err.Error(), "the stack is for the log alone")
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Contains(t, recovered.Stack(err), "recovered_test.breaks")

	var nothing map[string]int
	err = recovered.Do(func() error { nothing["a"] = 1; return nil })
	assert.ErrorContains(t, err, "assignment to entry in nil map")
	assert.ErrorContains(t, recovered.Do(func() error { panic(nil) }), "panic called with nil", "it is a panic too")
}

func TestWithoutAPanicWorkIsAsItWas(t *testing.T) {
	boom := errors.New("boom")
	assert.Equal(t, boom, recovered.Do(func() error { return boom }))
	assert.NoError(t, recovered.Func(func() error { return nil })())
	assert.Empty(t, recovered.Stack(boom))
	assert.Empty(t, recovered.Stack(nil))
}
