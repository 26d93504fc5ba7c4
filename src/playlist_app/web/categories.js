/** How categories are called: the site numbers them to sort them, people see them without the number. */

let labels = {};

export const learnLabels = (known) => {
  labels = known;
};

export const category = (name) => labels[name] ?? name;
