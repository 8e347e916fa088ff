//! PetSwipe's canary and its blue-green, whole, with something going wrong in each stage.
