package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/recovered"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/backends"
)

// errDeadline ends a run that has taken longer than it may.
var errDeadline = errors.New("the run took longer than it may")

// storeTime is the longest that the mail store may take for a batch, or be silent; errStoreSilent says that it was longer.
const storeTime = 10 * time.Minute

var errStoreSilent = errors.New("the mail account store does not answer")

// withIdleTimeout returns a context that ends when the mail store has been silent for too long. Each call of reset begins
// the time anew.
func withIdleTimeout(ctx context.Context) (limited context.Context, reset func(), cancel context.CancelFunc) {
	limited, stop := context.WithCancelCause(ctx)
	timer := time.AfterFunc(storeTime, func() { stop(errStoreSilent) })
	return limited, func() { timer.Reset(storeTime) }, func() {
		timer.Stop()
		stop(nil)
	}
}

// stopped adds to an error why its context ended, where it did.
func stopped(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// outcome says how a run ended and, for an admin, why.
func (p *Replication) outcome(err error) (Outcome, account.Message) {
	switch {
	case recovered.Stack(err) != "":
		return Failed, account.Say("problem_panic")
	case err == nil && !p.incomplete.IsZero():
		return Partial, p.incomplete
	case err == nil && p.counts[account.ActionFailed] > 0:
		return Partial, account.Message{}
	case err == nil:
		return Succeeded, account.Message{}
	case errors.Is(err, ErrLeaseLost):
		return Interrupted, account.Say("problem_lease_lost")
	case errors.Is(err, errDeadline):
		return Failed, account.Say("problem_run_deadline")
	case errors.Is(err, errCancelled):
		return Interrupted, account.Say("problem_run_cancelled")
	case errors.Is(err, context.Canceled):
		return Interrupted, account.Say("problem_run_stopped")
	case errors.Is(err, ErrDatabase):
		return Failed, account.Say("problem_database")
	}
	return Failed, resource.ProblemsOf(err)[0].Message
}

// storeProblem says that the mail account store did not do its part.
func storeProblem(err error) error {
	if errors.Is(err, backends.ErrUnwritable) {
		return resource.NewProblem("", "mail_store_unwritable", err)
	}
	return resource.NewProblem("", "mail_store", err)
}

// failure turns the result of one change into what the log says of it: the action, the reason for people and the
// technical detail.
func failure(err error) (account.Action, account.Message, string) {
	switch {
	case errors.Is(err, ErrConflict):
		return account.ActionConflict, account.Say("reason_linked_meanwhile"), ""
	case errors.Is(err, backends.ErrExists):
		return account.ActionConflict, account.Say("reason_address_in_use"), err.Error()
	case errors.Is(err, backends.ErrHomeTaken):
		return account.ActionFailed, account.Say("reason_home_taken"), err.Error()
	case errors.Is(err, backends.ErrNotFound):
		return account.ActionFailed, account.Say("reason_account_gone"), err.Error()
	case errors.Is(err, backends.ErrUnsupported):
		return account.ActionFailed, account.Say("reason_unsupported"), err.Error()
	}
	return account.ActionFailed, account.Say("reason_store_error"), err.Error()
}
