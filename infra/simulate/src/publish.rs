//! What practices go by: published when a world begins, and again when other people work for one; a template is revoked.

use banto_playbooks::Folder;

use super::cloud::at_once;
use super::practice::{self, MINATO};
use super::world::World;
use super::{Failure, seasons};

impl World {
    /// Publishes the playbooks, with the calendars and the people of this world.
    pub(super) fn publish(&mut self, folders: &[Folder]) -> Result<(), Failure> {
        for folder in folders {
            let mut folder = folder.clone();
            seasons::furnish(&mut folder.playbook, self.seed, self.begins);
            practice::furnish(&mut folder.playbook, self.seed, self.begins);
            let client = folder.playbook.client.clone();
            self.publish_one(folder)?;
            let live = self.outside.env.go_live(&client);
            at_once(live).ok_or_else(|| Failure::SetUp("going live waits".to_owned()))?.map_err(Failure::set_up)?;
        }
        Ok(())
    }

    /// Publishes one, and notes who works there from now on.
    pub(super) fn publish_one(&mut self, folder: Folder) -> Result<(), Failure> {
        let env = &self.outside.env;
        let published = env.playbooks.publish(&folder.playbook, &folder.demo_secrets, env.entropy.as_ref());
        at_once(published).ok_or_else(|| Failure::SetUp("publishing waits".to_owned()))?.map_err(Failure::set_up)?;
        let (client, now) = (folder.playbook.client.to_string(), self.now());
        self.people.rosters.note(&client, now, &folder.playbook.people);
        self.published.insert(client, folder);
        Ok(())
    }

    pub(super) fn revoke(&mut self, client: &str, template: &str) {
        self.say(format!("{client} revokes the template {template}"));
        let Ok(client) = banto_domain::ClientId::parse(client) else { return };
        at_once(self.outside.env.playbooks.revoke(&client, template));
        let after = self.cloud.net().changes.len();
        self.people.revoked.insert((client.to_string(), template.to_owned()), after);
    }

    /// Other people work for the practice from now on.
    pub(super) fn staff_changes(&mut self, n: usize) {
        let Some(mut folder) = self.published.get(MINATO).cloned() else { return };
        folder.playbook.people = practice::changed(&folder.playbook.people, n);
        self.say(format!("other people work for {MINATO}"));
        self.people.count("other people work for a practice");
        if let Err(error) = self.publish_one(folder) {
            self.breaks(format!("set-up: {error}"));
        }
    }
}
