/// RoPAWS (Mo et al., ICLR 2023) as an objective of the PAWS family: only the targets change, and what each image counts.
module Paws.Experiments.Ropaws.Objective

open Paws.Model
open Paws.Runner

/// The numbers it can be set to, with the values published for CIFAR: --set experiment.prior_temperature=3, …
let settings =
    readOnlyDict [
        // τ of the in-domain prior; published 0.1 for CIFAR, 3.0 for ImageNet.
        "prior_temperature", 0.1
        // How many unlabeled images stand for a labeled one.
        "label_ratio", 5.0
        // Exponent of the in-domain mass in an image's weight.
        "prior_power", 1.0
    ]

/// The objective of a step. RoPAWS takes the large views in their own order; a step has them swapped.
let ofStep (ropaws: RopawsOptions) (paws: PawsLossOptions) (step: PawsStep) : PawsLossResult =
    use views = Targets.swap step.Targets
    Ropaws.evaluate ropaws paws step.Anchors step.Supports step.Labels views step.TargetSupports

/// What the program trains.
let experiment =
    Experiment(
        "ropaws",
        settings,
        fun config step ->
            let criterion, set = config.Criterion, config.Experiment

            ofStep
                (RopawsOptions.Create(criterion.Temperature, set["prior_temperature"], set["label_ratio"], set["prior_power"]))
                (PawsLossOptions.Create(criterion.Temperature, criterion.Sharpen, criterion.MeMax))
                step
    )
