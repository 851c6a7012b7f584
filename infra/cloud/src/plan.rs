//! The template and its rules, read once and shared by everything that follows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use banto_aws::{Function, Handler};

use crate::router::Router;
use crate::template::{Template, TemplateError};

/// What this house does, and who does it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The template.
    pub template: Arc<Template>,
    /// Its rules.
    pub router: Arc<Router>,
    functions: Arc<BTreeMap<&'static str, Function>>,
}

impl Plan {
    /// Brings template and functions together.
    ///
    /// # Errors
    /// When the template names a function that doesn't exist, or calls one the wrong way.
    pub fn new(template: Template, functions: Vec<Function>) -> Result<Self, TemplateError> {
        let router = Router::new(&template)?;
        let functions: BTreeMap<_, _> = functions.into_iter().map(|f| (f.name, f)).collect();
        for name in template.functions.keys() {
            let place = format!("function {name}");
            let function = functions
                .get(name.as_str())
                .ok_or_else(|| TemplateError::refused(&place, "there is no such function in this program"))?;
            let answers_http = matches!(function.handler, Handler::Http(_));
            if answers_http != template.routes.iter().any(|r| &r.function == name) {
                return Err(TemplateError::refused(&place, "takes HTTP requests if and only if it has a route"));
            }
        }
        Ok(Self { template: Arc::new(template), router: Arc::new(router), functions: Arc::new(functions) })
    }

    /// The function of this name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }
}
