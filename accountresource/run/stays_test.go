package run_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// preferring is a reader that says where it was, and hears where to go first.
type preferring struct {
	run.Reader
	heard *[]string
}

func (r *preferring) Prefer(server string) { *r.heard = append(*r.heard, server) }

// A run asks the server of the last database first (rule R24), also of one that answered in its stead.
func TestR24_ARunStaysWithTheServerOfTheLastOne(t *testing.T) {
	c := newControllers(t, 3)
	var heard []string
	at := map[*people]string{c.dc1: "dc1 192.0.2.1", c.dc2: "dc2 192.0.2.2"}
	on := func(server *people) {
		c.on(server)
		c.config.OpenReader = func(s resource.Settings) (run.Reader, error) {
			r, err := server.open(s)
			return &preferring{r, &heard}, err
		}
		server.reached = at[server]
		c.once()
	}
	for _, server := range []*people{c.dc1, c.dc2, c.dc1} {
		heard = nil
		on(server)
		c.once()
		assert.Equal(t, at[server], heard[len(heard)-1])
	}
}
