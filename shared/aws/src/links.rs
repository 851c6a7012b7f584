//! Links to the pages of a case. Each is made when it is shown, and stored nowhere.

use banto_domain::rules::request;
use banto_domain::state::Party;
use banto_domain::{CaseKey, Id};

use crate::Env;

impl Env {
    /// The customer's own page of a case.
    #[must_use]
    pub fn my_link(&self, key: &CaseKey) -> String {
        self.page_link(key, &Party::Customer)
    }

    /// Somebody's own page of a case: the customer's, or a coach's.
    #[must_use]
    pub fn page_link(&self, key: &CaseKey, whose: &Party) -> String {
        format!("{}/my/{}", self.public_url, self.keys.token(key, &request::page(), whose))
    }

    /// A question, as this one is asked it.
    #[must_use]
    pub fn ask_link(&self, key: &CaseKey, ask: &Id, whose: &Party) -> String {
        format!("{}/a/{}", self.public_url, self.keys.token(key, ask, whose))
    }

    /// Where an invoice is paid, by the playbook's pattern.
    #[must_use]
    pub fn pay_link(&self, key: &CaseKey, pattern: &str, invoice: &Id) -> String {
        pattern
            .replace("{public_url}", &self.public_url)
            .replace("{client}", key.client.as_str())
            .replace("{reference}", &format!("{}-{invoice}", key.case))
            .replace("{invoice}", invoice.as_str())
    }
}
