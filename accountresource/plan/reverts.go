package plan

import "github.com/mailpanel/account-resource/accountresource/account"

// OtherWord is what another database of the directory said of an object within the last day: how its account was switched, and from
// which address it was renamed (rule R24).
type OtherWord struct {
	Switch account.Switch
	Former string
}

// reverts returns that a change takes back what another database said, which the one that answers may not have heard yet.
func (r *Removals) reverts(c *account.Change) account.Message {
	said, is := r.policy.OtherWords[c.Source]
	switched := said.Switch != "" && c.Switch != "" && c.Switch != said.Switch
	if is && (switched || said.Former != "" && c.Verb == account.Rename && c.NewAddress == said.Former) {
		return account.Say("reason_held_reverts")
	}
	return account.Message{}
}
