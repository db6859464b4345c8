module Paws.Tests.Model.LawsTests

open Expecto
open Paws.Laws
open Paws.Model
open Paws.Tests

/// The published objective, as the kit for variants sees it.
let private paws: Objective =
    fun s step ->
        let options = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

        (PawsLoss.evaluate options step.Anchors step.Supports step.Labels step.Targets step.TargetSupports).Total

let private withSuncet: PawsSuncetLaws.WithTerm =
    fun options weight temperature -> options.WithSuncet(weight, temperature)

let private ropaws: Objective =
    fun s step ->
        let options = PawsLossOptions.Create(s.Temperature, s.Sharpen, true)
        let ropaws = RopawsOptions.Create(s.Temperature, 0.5, 5.0, 1.0)

        // RoPAWS takes the large views as they come; the kit gives them swapped.
        (Ropaws.evaluate ropaws options step.Anchors step.Supports step.Labels (Targets.swap step.Targets) step.TargetSupports).Total

[<Tests>]
let tests =
    testList "Model.Laws" [
        DistributionLaws.normalise Numerics.l2Normalise |> Law.toTests "unit rows"
        DistributionLaws.crossEntropy Numerics.crossEntropy
        |> Law.toTests "cross-entropy"
        DistributionLaws.entropy Numerics.entropy |> Law.toTests "entropy"
        SharpeningLaws.all Sharpening.sharpen |> Law.toTests "sharpening"
        ClassifierLaws.all SoftNearestNeighbours.classify
        |> Law.toTests "soft nearest neighbours"
        ClassifierLaws.evaluation SoftNearestNeighbourClassifier.probabilitiesInChunks
        |> Law.toTests "evaluation"
        ClassifierLaws.topK SoftNearestNeighbourClassifier.topK |> Law.toTests "top-k"
        MeMaxLaws.regulariser MeMax.regulariser |> Law.toTests "ME-Max"
        MeMaxLaws.mean MeMax.meanPrediction |> Law.toTests "mean prediction"
        MeMaxLaws.towards MeMax.towards |> Law.toTests "ME-Max with a class prior"
        TargetLaws.all Targets.create |> Law.toTests "targets"
        TargetLaws.swap Targets.swap |> Law.toTests "swapped prediction"
        LabelLaws.all LabelMatrix.create |> Law.toTests "label matrix"
        LabelLaws.ofClasses LabelMatrix.ofClasses
        |> Law.toTests "label matrix of classes"
        ObjectiveLaws.all paws |> Law.toTests "the PAWS objective, as any of its family"
        PawsLaws.parts PawsLoss.evaluate |> Law.toTests "the PAWS objective"
        PawsLaws.distributions PawsLoss.ofPredictions
        |> Law.toTests "the PAWS objective of distributions"
        PawsBatchLaws.all PawsLoss.ofBatch
        |> Law.toTests "the PAWS objective of a batch"
        PawsSuncetLaws.parts withSuncet PawsLoss.evaluate |> Law.toTests "PAWS + SuNCEt"
        PawsSuncetLaws.batch withSuncet PawsLoss.ofBatch
        |> Law.toTests "PAWS + SuNCEt of a batch"
        PawsBatchLaws.parts PawsLoss.step |> Law.toTests "the parts of a batch"
        CollapseLaws.all |> Law.toTests "collapse"
        SuncetLaws.all SuncetLoss.evaluate |> Law.toTests "SuNCEt"
        NtXentLaws.all NtXentLoss.evaluate NtXentLoss.evaluateDetachedNegatives
        |> Law.toTests "NT-Xent"
        ByolLaws.all ByolLoss.evaluate |> Law.toTests "BYOL"
        SwavLaws.assign SwavLoss.assign |> Law.toTests "SwAV's assignments"
        SwavLaws.all SwavLoss.evaluate |> Law.toTests "SwAV"
        RopawsLaws.targets Ropaws.targets |> Law.toTests "RoPAWS's targets"
        RopawsLaws.weights Ropaws.weights |> Law.toTests "RoPAWS's weights"
        ObjectiveLaws.all ropaws |> Law.toTests "RoPAWS, as any of the family"
        DistillationLaws.all DistillationLoss.evaluate |> Law.toTests "distillation"
        FixMatchLaws.all FixMatchLoss.evaluate |> Law.toTests "FixMatch"
        DifferentiateLaws.all |> Law.toTests "derivatives"
    ]
