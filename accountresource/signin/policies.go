package signin

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// policies keeps what the domains say about locking.
type policies struct {
	mu    sync.Mutex
	heard map[Key]knownPolicy
}

type knownPolicy struct {
	policy Policy
	at     time.Time
}

// policyAge is for how long a policy is not read again.
const policyAge = 10 * time.Minute

// Policy returns when the domain of a resource locks an account, from a server that is not known to fail; found is false where that
// cannot be read.
func (s *Service) Policy(ctx context.Context, resource int64) (p Policy, found bool, err error) {
	anybody := Key{Resource: resource}
	if p, found = s.policies.recent(anybody, s.cfg.Clock()); found {
		return p, true, nil
	}
	states, err := s.Servers(ctx, resource)
	if err != nil {
		return p, false, err
	}
	for _, server := range states {
		if server.Failing {
			continue
		}
		p, found, err = s.cfg.Directory.Policy(ctx, anybody, server.Name)
		if err != nil {
			continue
		}
		if found {
			s.policies.remember(anybody, p, s.cfg.Clock())
		}
		return p, found, nil
	}
	return p, false, errNoServer
}

// cautious is assumed of a domain whose policy does not say its policy: one wrong password.
var cautious = Policy{Threshold: 3, Window: time.Hour}

// Cautious returns what is assumed of a domain that does not say when it locks accounts.
func Cautious() Policy { return cautious }

// known returns the person's budget by a policy that was read not long ago.
func (p *policies) known(who Key, now time.Time) (Budget, bool) {
	policy, found := p.recent(who, now)
	return BudgetOf(policy), found
}

// recent returns a policy that was read not long ago.
func (p *policies) recent(who Key, now time.Time) (Policy, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last, found := p.heard[who]
	age := now.Sub(last.at)
	return last.policy, found && age >= 0 && age < policyAge
}

func (p *policies) remember(who Key, policy Policy, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heard == nil || len(p.heard) >= mostRemembered {
		p.heard = map[Key]knownPolicy{}
	}
	p.heard[who] = knownPolicy{policy, now}
}

// budget returns the person's budget, which the server is asked for if it is not known. An error means that it did not answer.
func (p *policies) budget(ctx context.Context, cfg Config, who Key, server string) (Budget, error) {
	now := cfg.Clock()
	if b, found := p.known(who, now); found {
		return b, nil
	}
	policy, said, err := cfg.Directory.Policy(ctx, who, server)
	if err != nil {
		return Budget{}, fmt.Errorf("read when the domain locks an account: %w", err)
	}
	if !said {
		policy = cautious
	}
	p.remember(who, policy, now)
	return BudgetOf(policy), nil
}
