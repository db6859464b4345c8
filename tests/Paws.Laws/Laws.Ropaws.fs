namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of RoPAWS's targets and weights.
[<RequireQualifiedAccess>]
module RopawsLaws =

    let private options (s: Setting) =
        let random = s.Random
        RopawsOptions.Create(s.Temperature, 0.1 + 3.0 * random.NextDouble(), 1.0 + 4.0 * random.NextDouble(), 1.0)

    /// Laws of RoPAWS's targets: options, supports, labels, queries.
    let targets (targets: RopawsOptions -> torch.Tensor -> torch.Tensor -> torch.Tensor -> RopawsTargets) =
        let run (s: Setting) =
            targets (options s) s.Supports s.Labels s.Targets

        [
            Law.always "RoPAWS: predictions are distributions, in-domain mass lies in [0, 1], neither carries gradient" (fun s ->
                let queries = Draw.leaf s.Targets
                let found = targets (options s) s.Supports s.Labels queries
                Must.beDistributions "P" found.Predictions
                Must.lieIn "mass" 0.0 1.0 found.InDomain
                Must.beDetached "P" found.Predictions
                Must.beDetached "mass" found.InDomain)

            Law.always "what is known is the fixed point of P = C_L Y + C_U P" (fun s ->
                let o, q = options s, 2 * s.Images
                let found = run s

                let cosines a b : torch.Tensor =
                    (Numerics.l2Normalise a).mm((Numerics.l2Normalise b).t())

                let toSupports, toQueries =
                    cosines s.Targets s.Supports, cosines s.Targets s.Targets

                let ratio = o.LabelRatio * float q / float s.SupportRows

                let known =
                    (Scalars.divide o.Temperature toSupports).exp() |> Scalars.multiply ratio

                let others = (torch.eye (int64 q, dtype = torch.float64)).neg() |> Scalars.shift 1.0
                let unknown = (Scalars.divide o.Temperature toQueries).exp().mul others

                let total =
                    Scalars.add (known.sum ([| 1L |], keepdim = true)) (unknown.sum ([| 1L |], keepdim = true))

                let prior =
                    (toSupports.amax ([| 1L |], keepdim = true)
                     |> Scalars.shift -1.0
                     |> Scalars.divide o.PriorTemperature)
                        .exp()

                let share (x: torch.Tensor) = x.div(total).mul prior

                let missing =
                    found.InDomain.neg () |> Scalars.shift 1.0 |> Scalars.divide (float s.Classes)

                let p = found.Predictions.sub (missing.unsqueeze 1L)
                let again = Scalars.add ((share known).mm s.Labels) ((share unknown).mm p)
                Must.agreeWithin 1e-9 "P" p again)

            Law.regular "lengths, rotations and the order of supports do not matter; repeating all supports does not" (fun s ->
                let o, random = options s, s.Random

                let scale (x: torch.Tensor) =
                    x.mul (Draw.factors random (int x.shape[0]))

                let turn = Draw.rotation random s.Width
                let order = Draw.permutation random s.SupportRows
                let twice (x: torch.Tensor) = torch.cat ([| x; x |], 0L)
                let expected = (run s).Predictions

                let same what supports labels queries =
                    Must.agreeWithin 1e-9 what expected (targets o supports labels queries).Predictions

                same "lengths" (scale s.Supports) s.Labels (scale s.Targets)
                same "rotation" (s.Supports.mm turn) s.Labels (s.Targets.mm turn)
                same "order" (Draw.rows order s.Supports) (Draw.rows order s.Labels) s.Targets
                same "twice" (twice s.Supports) (twice s.Labels) s.Targets)

            Law.regular "the order of queries, and of classes, is followed" (fun s ->
                let random = s.Random

                let order, classes =
                    Draw.permutation random (2 * s.Images), Draw.permutation random s.Classes

                let found = run s

                let moved =
                    targets (options s) s.Supports (s.Labels.index_select (1L, classes)) (Draw.rows order s.Targets)

                Must.agreeWithin 1e-9 "P" ((Draw.rows order found.Predictions).index_select(1L, classes)) moved.Predictions
                Must.agreeWithin 1e-9 "mass" (Draw.rows order found.InDomain) moved.InDomain)

            Law.always "a wide prior knows everything: τ_prior → ∞ leaves no mass unknown" (fun s ->
                // At τ of 0.5 and above: at small τ queries that are far from all supports ask each other very many times.
                let o = {
                    options s with
                        PriorTemperature = 1e9
                        Temperature = max 0.5 s.Temperature
                }

                Must.agreeWithin
                    1e-5
                    "mass"
                    (torch.ones (2L * int64 s.Images, dtype = torch.float64))
                    (targets o s.Supports s.Labels s.Targets).InDomain)

            Law.regular "queries at right angles to the supports and to each other are less known than queries on them" (fun s ->
                let width = int64 (s.SupportRows + 2 * s.Images)
                let all = torch.eye (width, dtype = torch.float64)
                let supports = all.narrow (0L, 0L, int64 s.SupportRows)
                let far = all.narrow (0L, int64 s.SupportRows, 2L * int64 s.Images)
                let near = supports.narrow(0L, 0L, 1L).repeat(2L * int64 s.Images, 1L)

                let mass q =
                    (targets (options s) supports s.Labels q).InDomain.mean() |> Must.value

                Must.hold "less known" (mass far < mass near))
        ]

    /// Laws of RoPAWS's weights: options, in-domain mass [2b] → [b].
    let weights (weights: RopawsOptions -> torch.Tensor -> torch.Tensor) = [
        Law.always "weights lie in [0, 1], are the mean of two views at power 1, and 1 at power 0" (fun s ->
            let random = s.Random

            let mass =
                torch.tensor (Array.init (2 * s.Images) (fun _ -> random.NextDouble()), dtype = torch.float64)

            let at power =
                weights { options s with PriorPower = power } mass

            let mean = mass.reshape(2L, int64 s.Images).mean [| 0L |]
            Must.lieIn "weights" 0.0 1.0 (at 2.0)
            Must.agree "power 1" mean (at 1.0)
            Must.agree "power 2" (Scalars.square mean) (at 2.0)
            Must.agree "power 0" (torch.ones_like mean) (at 0.0))
    ]
