//! The data, and how good the answers are.

use super::{Term, term};

pub(super) const TERMS: &[Term] = &[
    term(
        "Accuracy",
        &["val accuracy", "validation accuracy", "train accuracy", "best accuracy", "score"],
        "correct predictions / all predictions",
        "The share of samples classified correctly. Easy to read, but unlike the loss it ignores how confident the \
            network is.",
    ),
    term(
        "Augmentation",
        &[
            "augment",
            "flip",
            "mirror",
            "rotation",
            "shift",
            "zoom",
            "shear",
            "brightness",
            "contrast",
            "saturation",
            "upside down",
            "cutout",
        ],
        "",
        "Pictures are changed a little at random each time they are trained on (turned, moved, lighter), so that the \
            network doesn't learn them by heart. Validation sees them as they are.",
    ),
    term(
        "Average precision",
        &["PR area", "precision-recall curve"],
        "",
        "Precision averaged over all thresholds. 1 is perfect; guessing scores the class's share of the samples.",
    ),
    term(
        "Binary cross-entropy",
        &["BCE", "loss"],
        "L = −t log p − (1 − t) log(1 − p)",
        "The loss for yes-or-no answers: it measures how improbable the network considered the true answer.",
    ),
    term(
        "Case",
        &["spelling", "spellings", "upper case", "lower case"],
        "",
        "Whether spellings of a category that differ only in case, such as Yes and yes, are one category. AA and Aa may \
            be two genotypes.",
    ),
    term(
        "Class",
        &["label", "target"],
        "",
        "One of the categories that a network chooses from: a digit, a species, yes or no.",
    ),
    term(
        "Classes",
        &[],
        "",
        "The number of classes to choose from. More classes need more samples, and guessing gets fewer right.",
    ),
    term(
        "Class weights",
        &["class weight", "imbalance", "rare classes"],
        "",
        "How much the samples of each class count in the loss. A large weight keeps a rare class from being drowned \
            out by the others.",
    ),
    term(
        "Confusion matrix",
        &[],
        "",
        "A table of true against predicted classes. The diagonal is correct; everything else shows which class is \
            mistaken for which.",
    ),
    term(
        "Cross-entropy",
        &["loss"],
        "L = −log p[class]",
        "The loss for choosing one of several classes: it measures how improbable the network considered the true \
            class. It is 0 only when the network is certain and right.",
    ),
    term(
        "Data",
        &["source", "data set", "dataset"],
        "",
        "The samples that the network learns from: generated points, digits, your own table, a folder of images.",
    ),
    term(
        "Dates",
        &["date", "day first", "month first"],
        "",
        "Days and times in a column of a table. The network is given the year, month, weekday, hour and the days that \
            have passed, as far as they vary.",
    ),
    term(
        "Decimal separator",
        &["decimals", "decimal comma", "decimal point", "thousands separator"],
        "",
        "The character between whole numbers and fractions. In 1.234,5 it is the comma, and the point separates thousands; \
            in 1,234.5 it is the other way round.",
    ),
    term(
        "F1",
        &["F1 score"],
        "2 · precision · recall / (precision + recall)",
        "Precision and recall in one number (their harmonic mean), which is high only when both are.",
    ),
    term(
        "Feature",
        &["features", "input", "column", "columns", "input feature"],
        "",
        "One of the values that describe a sample: a table column, a pixel, a coordinate.",
    ),
    term(
        "Fit",
        &["crop", "stretch"],
        "",
        "How a picture of any size becomes a square: its middle is kept (crop), black is added beside it (pad), or it is \
            distorted (stretch).",
    ),
    term(
        "Fold",
        &["folds", "k-fold", "cross-validation"],
        "",
        "One of several equal parts of the data. Each validates once while the network learns from the others: the \
            mean of the scores and their spread say more than a single split.",
    ),
    term(
        "Focal",
        &["focal loss", "loss", "gamma"],
        "−(1 − p)^γ · log p",
        "Cross-entropy that gives less weight to samples the network is already sure of (gamma sets how much less), so \
            that rare and hard ones dominate.",
    ),
    term(
        "Gaps",
        &["missing", "missing values"],
        "",
        "Missing values in a table: filled with the median or the category “missing”, or the whole row left out.",
    ),
    term(
        "Greyscale",
        &["grey", "gray"],
        "",
        "A picture with one number for each pixel, its brightness, instead of three for red, green and blue.",
    ),
    term(
        "Hinge",
        &["hinge loss", "loss", "margin", "SVM"],
        "max(0, 1 − t · y)",
        "A loss for classes that only asks every output to be beyond a margin on the correct side. Known from support \
            vector machines.",
    ),
    term(
        "Huber",
        &["loss", "smooth L1"],
        "",
        "A loss for numbers that is quadratic for small errors and linear for large ones, so that outliers matter \
            less.",
    ),
    term(
        "KL divergence",
        &["loss", "Kullback-Leibler", "relative entropy"],
        "Σ t · log(t / p)",
        "How far predicted probabilities p are from the true ones t. For plain classes it is cross-entropy; with label \
            smoothing it falls to 0.",
    ),
    term(
        "Label smoothing",
        &["smoothing", "soft labels"],
        "(1 − ε) · truth + ε / classes",
        "Gives a small share of the truth to every class, so that the network never becomes overconfident.",
    ),
    term(
        "Logarithm",
        &["target log", "log target", "logarithmic", "target scale"],
        "ln(y), or ln(1 + y) where there are zeros",
        "Of a number to predict that spans several powers of ten, the network can learn the logarithm, so that small \
            values count as much as large ones. Predictions and scores stay in the number's own unit.",
    ),
    term(
        "Long rows",
        &["ragged rows", "extra cells"],
        "",
        "Rows of a table with more cells than there are columns. They are left out, or the cells that are too many \
            are cut off.",
    ),
    term(
        "Loss",
        &["cost", "error", "val loss", "validation loss", "train loss", "training loss"],
        "",
        "How wrong the predictions are, as one number. Training makes it smaller.",
    ),
    term(
        "Loss weight",
        &["several losses", "multi-task", "auxiliary loss"],
        "L = w₁ L₁ + w₂ L₂ + ...",
        "A network may have several losses. Training minimises their sum, each times its weight, so a loss with a \
            larger weight matters more.",
    ),
    term(
        "MAE",
        &["mean absolute error", "absolute error", "L1 loss", "loss"],
        "L = mean of |y − t|",
        "The mean absolute difference between prediction and truth. Outliers count no more than their size.",
    ),
    term(
        "Missing words",
        &["placeholders", "NA", "-9999", "sentinel"],
        "",
        "Words and numbers that stand for a missing value in this table, such as “unknown” or −9999. NA, null, ? and empty \
            cells always do.",
    ),
    term(
        "Mixup",
        &["mixup alpha", "lambda", "λ", "mixture", "partner"],
        "x = λ · x₁ + (1 − λ) · x₂",
        "Pictures are mixed in pairs while training, and the loss counts the answers of both by their shares. The network \
            becomes less sure of itself between what it has seen. Alpha says how even the mixtures are.",
    ),
    term(
        "MSE",
        &["mean squared error", "squared error", "loss"],
        "L = mean of (y − t)²",
        "The mean squared difference between prediction and truth: the usual loss for numbers. Large errors count much \
            more.",
    ),
    term(
        "Noise",
        &[],
        "",
        "Randomness in the data. With more noise the classes overlap, and a perfect score becomes impossible.",
    ),
    term(
        "Outlier",
        &["outliers", "long tail", "fence", "interquartile range"],
        "x < Q1 − 3 (Q3 − Q1)  or  x > Q3 + 3 (Q3 − Q1)",
        "A value far from all others: more than three interquartile ranges beyond the middle half of a column. Where \
            over 1 % of the values are, the column has a long tail, and none is called an outlier.",
    ),
    term(
        "Overfitting",
        &["generalisation", "overfit", "memorising"],
        "",
        "Memorising the training samples instead of learning the pattern: the training loss keeps falling while the \
            validation loss rises. More data, dropout, L2 or early stopping helps.",
    ),
    term(
        "Part",
        &["parts"],
        "",
        "Samples are divided into a training, a validation and, if you wish, a test set: to learn from, to judge by \
            while training, and for the end.",
    ),
    term("Precision", &[], "tp / (tp + fp)", "Of the samples predicted as a class, the share that really are."),
    term(
        "Predict",
        &["target column", "predicts"],
        "",
        "The table column that the network learns to predict from the others. Several numbers at once: give the others \
            the role “target” below.",
    ),
    term(
        "Prediction",
        &["predicted", "answer", "output"],
        "",
        "The network's answer for a sample: a class with its probability, or a number. The Output panel shows \
            predictions for the loaded data.",
    ),
    term(
        "Raw values",
        &["show", "raw", "inputs"],
        "input = (value − offset) / scale",
        "The numbers of a table as they stand in the file. The network gets them with gaps filled and scaled; the Data \
            tab shows either.",
    ),
    term("Recall", &["sensitivity"], "tp / (tp + fn)", "Of the samples of a class, the share predicted as such."),
    term(
        "Relation",
        &["correlation", "correlation ratio", "Cramér's V", "sort", "leakage"],
        "|r|,  η = √(variance between classes / variance),  V = √(χ² / n / (k − 1))",
        "How strongly a column goes with the target, from 0 to 1: |r| for two columns of numbers, η for numbers and \
            classes, V for classes. Close to 1 the column may hold the answer.",
    ),
    term(
        "Role",
        &["column role", "category", "left out"],
        "",
        "What a column of a table is used for: as a number, as a category (an input for each of its values), through an \
            Embedding, as a date, as what is predicted, or not at all.",
    ),
    term(
        "ROC area",
        &["AUC", "area under the curve"],
        "",
        "The probability that a random sample of the class is ranked above a random sample of another: 1 is perfect, \
            0.5 is guessing.",
    ),
    term(
        "R²",
        &["R squared", "val R²", "validation R²", "train R²", "best R²", "score"],
        "1 − Σ(y − t)² / Σ(t − mean)²",
        "How much of the variance of the truth is explained: 1 is perfect, 0 is no better than always predicting the \
            mean, below 0 is worse.",
    ),
    term(
        "Sample",
        &["samples", "row", "example"],
        "",
        "One example to learn from: a table row, an image or a point, with its true answer.",
    ),
    term(
        "Scaling",
        &["normalisation of columns"],
        "",
        "Brings table columns to a similar scale: standard (mean 0, standard deviation 1), 0 to 1, or unchanged. \
            Computed from the training samples only.",
    ),
    term(
        "Score",
        &["scores", "metric"],
        "",
        "How good the predictions are, in a form that is easy to read: accuracy for classes, R² for numbers. Training \
            itself minimises the loss.",
    ),
    term(
        "Size",
        &["picture size", "resolution"],
        "",
        "Rows and columns of the pictures that the network sees. Files of any size are scaled to it.",
    ),
    term(
        "Split",
        &["train/test split", "stratified", "marked rows", "groups together"],
        "",
        "How samples are divided into those for training, validation and test: at random, stratified (each class in \
            the same share), by order (the last ones validate), or by a column.",
    ),
    term(
        "Standardise",
        &["standard", "scaling", "normalise"],
        "(x − mean) / std",
        "Shifts and scales a column to mean 0 and standard deviation 1. Without it, columns with large values dominate \
            those with small ones.",
    ),
    term(
        "Test",
        &["test set", "test part", "test data", "test samples", "test share", "holdout"],
        "",
        "Samples set aside for the end. Neither training nor choosing between networks sees them, so their score says \
            how well the network will do on new data. Look at it once.",
    ),
    term(
        "Text encoding",
        &["encoding", "character encoding", "charset"],
        "",
        "How the letters of a file are stored as bytes: UTF-8 nearly everywhere today, windows-1252 and others in older \
            files. Read in the wrong one, letters with accents become nonsense.",
    ),
    term(
        "Top-k accuracy",
        &["top-k", "top-3", "top-5"],
        "",
        "The share of samples whose true class is among the k most probable.",
    ),
    term(
        "Totals",
        &["total", "sum", "subtotal"],
        "",
        "Rows of a table that add others up. Below the table they are no samples; between samples they may be, so that \
            is for you to say.",
    ),
    term(
        "Training samples",
        &["training set", "training data"],
        "",
        "The samples the network learns from. All others are for validation or for the test.",
    ),
    term(
        "Underfitting",
        &[],
        "",
        "The network is too small, or not trained enough, to capture the pattern: both losses stay high. More units, \
            more layers or more epochs help.",
    ),
    term(
        "Validation",
        &["held out", "validation set", "validation samples", "validation share"],
        "",
        "Samples held out from training, to see how well the network does on data it has not seen. Keeping the best \
            weights and stopping early go by them.",
    ),
];
