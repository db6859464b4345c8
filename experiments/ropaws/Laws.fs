/// What the objective obeys: the laws of its family, and three of its own.
module Paws.Experiments.Ropaws.Laws

open Expecto
open TorchSharp
open Paws.Laws
open Paws.Model

let private paws (s: Setting) =
    PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

let private published (s: Setting) =
    let step = ObjectiveLaws.step s
    PawsLoss.evaluate (paws s) step.Anchors step.Supports step.Labels step.Targets step.TargetSupports

let private ropaws (s: Setting) priorTemperature labelRatio =
    RopawsOptions.Create(s.Temperature, priorTemperature, labelRatio, 1.0)

let private objective: Objective =
    fun s step -> (Objective.ofStep (ropaws s 0.5 5.0) (paws s) step).Total

let private own = [
    Law.regular "where only labels count and nothing is out of domain, it is PAWS" (fun s ->
        // A label outweighs any number of unlabeled images, and the prior is flat.
        let found = Objective.ofStep (ropaws s 1e12 1e30) (paws s) (ObjectiveLaws.step s)

        Must.agreeWithin 1e-8 "total" (published s).Total found.Total)

    Law.regular "a step that is all out of domain is not trained, but for ME-Max" (fun s ->
        // Large views opposite to every support: one direction for all supports, the other for all targets.
        let direction = Draw.gaussian s.Random 1 s.Width

        let step = {
            ObjectiveLaws.step s with
                TargetSupports = direction.repeat (int64 s.SupportRows, 1L)
                Targets = direction.neg().repeat(2L * int64 s.Images, 1L)
        }

        let found = Objective.ofStep (ropaws s 0.01 5.0) (paws s) step
        Must.agreeWithin 1e-12 "cross-entropy" (torch.zeros_like found.CrossEntropy) found.CrossEntropy)

    Law.regular "the stricter the prior, the less an image counts" (fun s ->
        let step = ObjectiveLaws.step s

        let weights priorTemperature =
            let options = ropaws s priorTemperature 5.0

            (Ropaws.targets options step.TargetSupports step.Labels step.Targets).InDomain
            |> Ropaws.weights options

        Must.notExceed "weights" (weights 0.1) (weights 3.0))
]

let tests =
    testList "ropaws" [
        ObjectiveLaws.all objective |> Law.toTests "as any of the family"
        own |> Law.toTests "of its own"
    ]
