namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of the other losses of the family.
[<RequireQualifiedAccess>]
module FamilyLaws =

    let private rows (order: torch.Tensor) (x: torch.Tensor) = x.index_select (0L, order)

    /// Laws of BYOL: predictions [2b,d], targets [2b,d].
    let byol (loss: torch.Tensor -> torch.Tensor -> torch.Tensor) =
        // Targets made of the predictions' own coordinates: they keep up with lengths, not with rotations.
        let rolled _ (z: torch.Tensor) =
            loss z (z.detach().roll([| 1L |], [| 1L |]))

        ContrastiveLaws.lengths _.Targets rolled
        :: ContrastiveLaws.precision _.Targets rolled
        |> List.append [
            Law.regular "BYOL lies in [0, 4]: 0 where views agree, 4 where they are opposite" (fun s ->
                let z = s.Targets
                Must.lieIn "value" 0.0 4.0 (loss z (z.mm (Draw.rotation s.Random s.Width)))
                Must.lieIn "agreement" 0.0 0.0 (loss z (Targets.swap z))
                Must.lieIn "opposition" 4.0 4.0 (loss z ((Targets.swap z).neg())))

            Law.regular "it is the squared distance of unit rows to the other view's target" (fun s ->
                let p, z = s.Targets, s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
                let difference = (Numerics.l2Normalise p).sub(Targets.swap (Numerics.l2Normalise z))
                Must.agree "value" (difference.square().sum(1L).mean()) (loss p z))

            Law.regular "a rotation of predictions and targets together does not matter" (fun s ->
                let p, z = s.Targets, s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
                let turn = Draw.rotation s.Random s.Width
                Must.agree "value" (loss p z) (loss (p.mm turn) (z.mm turn)))

            Law.always "gradient passes through predictions alone" (fun s ->
                let s = { s with Rows = Gaussian }

                let p, z =
                    Draw.leaf s.Targets, Draw.leaf (s.Anchors.narrow (0L, 0L, 2L * int64 s.Images))

                (loss p z).backward()
                Must.beFelt "predictions" p.grad
                Must.notBeFelt "targets" z.grad)

            Law.regular "its gradient agrees with central differences" (fun s ->
                let z = s.Anchors.narrow (0L, 0L, 2L * int64 s.Images)
                Must.differentiate "predictions" (fun p -> loss p z) s.Targets)
        ]

    let private scores (s: Setting) =
        (Numerics.l2Normalise s.Anchors).mm((Numerics.l2Normalise s.Supports).t())

    /// Laws of SwAV's assignments: ε, rounds, scores [n,k].
    let assign (f: float -> int -> torch.Tensor -> torch.Tensor) = [
        Law.always "assignments are distributions over prototypes" (fun s -> Must.beDistributions "rows" (f s.Temperature 3 (scores s)))

        Law.always "after many rounds every prototype has an equal part" (fun s ->
            // At ε of 0.5 and above, where Sinkhorn's algorithm has converged after 200 rounds.
            let all = f (max 0.5 s.Temperature) 200 (scores s)
            let share = float s.AnchorRows / float s.SupportRows
            Must.agreeWithin 1e-8 "columns" (Draw.constant 1 s.SupportRows share) (all.sum ([| 0L |], keepdim = true)))

        Law.always "the order of rows and of prototypes is followed" (fun s ->
            let random = s.Random

            let first, second =
                Draw.permutation random s.AnchorRows, Draw.permutation random s.SupportRows

            let permute (x: torch.Tensor) =
                x.index_select(0L, first).index_select(1L, second)

            Must.agree "permuted" (permute (f s.Temperature 3 (scores s))) (f s.Temperature 3 (permute (scores s))))

        Law.always "what a prototype's scores share does not matter" (fun s ->
            let shift = Draw.gaussian s.Random 1 s.SupportRows
            Must.agree "shifted" (f s.Temperature 3 (scores s)) (f s.Temperature 3 (Scalars.add (scores s) shift)))

        Law.always "equal scores are assigned evenly" (fun s ->
            let even = Draw.constant s.AnchorRows s.SupportRows 0.3
            Must.agree "uniform" (Draw.uniform s.AnchorRows s.SupportRows) (f s.Temperature 3 even))

        Law.always "large scores do not overflow, and no gradient passes" (fun s ->
            let all = f 1e-3 3 (Draw.leaf (scores s))
            Must.beFinite "assignments" all
            Must.beDetached "assignments" all)
    ]

    /// Laws of SwAV: options, small views, prototypes, views.
    let swav (loss: SwavLossOptions -> int -> torch.Tensor -> torch.Tensor -> torch.Tensor) =
        let run (s: Setting) prototypes views =
            loss (SwavLossOptions.Create(s.Temperature, 0.1, 3)) s.SmallViews prototypes views

        ContrastiveLaws.precision _.Anchors (fun s z -> run s (z.detach().narrow(0L, 0L, min 3L z.shape[0])) z)
        |> List.append [
            Law.regular "SwAV: lengths of views and prototypes, and rotations of both, do not matter" (fun s ->
                let random = s.Random

                let scale (x: torch.Tensor) =
                    x.mul (Draw.factors random (int x.shape[0]))

                let turn = Draw.rotation random s.Width
                let expected = run s s.Supports s.Anchors
                Must.agree "lengths" expected (run s (scale s.Supports) (scale s.Anchors))
                Must.agree "rotation" expected (run s (s.Supports.mm turn) (s.Anchors.mm turn)))

            Law.always "it lies in [0, log k + 2/τ]" (fun s ->
                let most = log (float s.SupportRows) + 2.0 / s.Temperature
                Must.lieIn "value" 0.0 most (run s s.Supports s.Anchors))

            Law.regular "the order of prototypes, and of the two large views, does not matter" (fun s ->
                let order = Draw.permutation s.Random s.SupportRows
                let b = int64 s.Images
                let large = s.Anchors.narrow (0L, 0L, 2L * b)
                let small = s.Anchors.narrow (0L, 2L * b, int64 s.SmallViews * b)
                let expected = run s s.Supports s.Anchors
                Must.agree "prototypes" expected (run s (rows order s.Supports) s.Anchors)
                Must.agree "views" expected (run s s.Supports (torch.cat ([| Targets.swap large; small |], 0L))))

            Law.always "with one prototype there is nothing to predict" (fun s ->
                Must.lieIn "value" 0.0 0.0 (run s (s.Regular.Supports.narrow (0L, 0L, 1L)) s.Regular.Anchors))

            Law.regular "gradients, with assignments held, agree with central differences of the explicit sum" (fun s ->
                let count = 2 + s.SmallViews

                let cosines views prototypes : torch.Tensor =
                    (Numerics.l2Normalise views).mm((Numerics.l2Normalise prototypes).t())

                let assigned =
                    Array.init 2 (fun v ->
                        SwavLoss.assign 0.1 3 ((cosines s.Anchors s.Supports).narrow(0L, int64 (v * s.Images), int64 s.Images)))

                let explicit views prototypes =
                    let logs = (cosines views prototypes |> Scalars.divide s.Temperature).log_softmax 1L

                    let view v =
                        logs.narrow (0L, int64 (v * s.Images), int64 s.Images)

                    [|
                        for large in 0..1 do
                            for other in 0 .. count - 1 do
                                if other <> large then
                                    assigned[large].mul(view other).sum(1L).mean().neg()
                    |]
                    |> torch.stack
                    |> _.mean()

                Must.differentiate "the explicit sum" (fun z -> explicit z s.Supports) s.Anchors

                Must.agree
                    "views"
                    (Differentiate.grad (fun z -> explicit z s.Supports) s.Anchors)
                    (Differentiate.grad (run s s.Supports) s.Anchors)

                Must.agree
                    "prototypes"
                    (Differentiate.grad (explicit s.Anchors) s.Supports)
                    (Differentiate.grad (fun c -> run s c s.Anchors) s.Supports))
        ]

    let private ropawsOptions (s: Setting) =
        let random = s.Random
        RopawsOptions.Create(s.Temperature, 0.1 + 3.0 * random.NextDouble(), 1.0 + 4.0 * random.NextDouble(), 1.0)

    /// Laws of RoPAWS's targets: options, supports, labels, queries.
    let ropaws (targets: RopawsOptions -> torch.Tensor -> torch.Tensor -> torch.Tensor -> RopawsTargets) =
        let run (s: Setting) =
            targets (ropawsOptions s) s.Supports s.Labels s.Targets

        [
            Law.always "RoPAWS: predictions are distributions, in-domain mass lies in [0, 1], neither carries gradient" (fun s ->
                let queries = Draw.leaf s.Targets
                let found = targets (ropawsOptions s) s.Supports s.Labels queries
                Must.beDistributions "P" found.Predictions
                Must.lieIn "mass" 0.0 1.0 found.InDomain
                Must.beDetached "P" found.Predictions
                Must.beDetached "mass" found.InDomain)

            Law.always "what is known is the fixed point of P = C_L Y + C_U P" (fun s ->
                let o, q = ropawsOptions s, 2 * s.Images
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
                let o, random = ropawsOptions s, s.Random

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
                same "order" (rows order s.Supports) (rows order s.Labels) s.Targets
                same "twice" (twice s.Supports) (twice s.Labels) s.Targets)

            Law.regular "the order of queries, and of classes, is followed" (fun s ->
                let random = s.Random

                let order, classes =
                    Draw.permutation random (2 * s.Images), Draw.permutation random s.Classes

                let found = run s

                let moved =
                    targets (ropawsOptions s) s.Supports (s.Labels.index_select (1L, classes)) (rows order s.Targets)

                Must.agreeWithin 1e-9 "P" ((rows order found.Predictions).index_select(1L, classes)) moved.Predictions
                Must.agreeWithin 1e-9 "mass" (rows order found.InDomain) moved.InDomain)

            Law.always "a wide prior knows everything: τ_prior → ∞ leaves no mass unknown" (fun s ->
                // At τ of 0.5 and above: at small τ queries that are far from all supports ask each other very many times.
                let o = {
                    ropawsOptions s with
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
                    (targets (ropawsOptions s) supports s.Labels q).InDomain.mean() |> Must.value

                Must.hold "less known" (mass far < mass near))
        ]

    /// Laws of RoPAWS's weights: options, in-domain mass [2b] → [b].
    let ropawsWeights (weights: RopawsOptions -> torch.Tensor -> torch.Tensor) = [
        Law.always "weights lie in [0, 1], are the mean of two views at power 1, and 1 at power 0" (fun s ->
            let random = s.Random

            let mass =
                torch.tensor (Array.init (2 * s.Images) (fun _ -> random.NextDouble()), dtype = torch.float64)

            let at power =
                weights
                    {
                        ropawsOptions s with
                            PriorPower = power
                    }
                    mass

            let mean = mass.reshape(2L, int64 s.Images).mean [| 0L |]
            Must.lieIn "weights" 0.0 1.0 (at 2.0)
            Must.agree "power 1" mean (at 1.0)
            Must.agree "power 2" (mean.square ()) (at 2.0)
            Must.agree "power 0" (torch.ones_like mean) (at 0.0))
    ]

    let private logits (s: Setting) seed =
        Draw.gaussian (Random(s.Seed + seed)) s.AnchorRows s.Classes
        |> Scalars.multiply 3.0

    /// Laws of distillation: τ, teacher [n,k], student [n,k].
    let distillation (loss: float -> torch.Tensor -> torch.Tensor -> torch.Tensor) = [
        Law.always "distillation is least where the student is the teacher, and is its entropy there" (fun s ->
            let t, other = logits s 0, logits s 1

            let entropy =
                (Numerics.entropy ((Scalars.divide s.Temperature t).softmax 1L)).mean()

            Must.agree "at the teacher" entropy (loss s.Temperature t t)
            Must.notExceed "elsewhere" entropy (loss s.Temperature t other))

        Law.always "its gradient is (student's distribution − teacher's) / (τ n)" (fun s ->
            let t, student = logits s 0, logits s 1

            let p (x: torch.Tensor) =
                (Scalars.divide s.Temperature x).softmax 1L

            let expected =
                (p student).sub(p t) |> Scalars.divide (s.Temperature * float s.AnchorRows)

            Must.agree "gradient" expected (Differentiate.grad (loss s.Temperature t) student))

        Law.always "what a row's logits share does not matter; the order of classes and rows neither" (fun s ->
            let t, student, random = logits s 0, logits s 1, s.Random
            let expected = loss s.Temperature t student
            let shift () = Draw.gaussian random s.AnchorRows 1
            Must.agree "shift" expected (loss s.Temperature (Scalars.add t (shift ())) (Scalars.add student (shift ())))

            let first, second =
                Draw.permutation random s.AnchorRows, Draw.permutation random s.Classes

            let permute (x: torch.Tensor) =
                x.index_select(0L, first).index_select(1L, second)

            Must.agree "order" expected (loss s.Temperature (permute t) (permute student)))

        Law.always "no gradient passes through the teacher" (fun s ->
            let t = Draw.leaf (logits s 0)
            (loss s.Temperature t (Draw.leaf (logits s 1))).backward()
            Must.notBeFelt "teacher" t.grad)

        Law.always "large logits do not overflow" (fun s ->
            let large = logits s 0 |> Scalars.multiply 1e4
            Must.beFinite "value" (loss s.Temperature large (large.neg ()))
            Must.beFinite "gradient" (Differentiate.grad (loss s.Temperature large) (large.neg ())))
    ]

    /// Laws of FixMatch: threshold, weak [n,k], strong [n,k].
    let fixMatch (loss: float -> torch.Tensor -> torch.Tensor -> FixMatchResult) =
        let threshold (s: Setting) = 0.3 + 0.6 * s.Random.NextDouble()

        [
            Law.always "FixMatch is the cross-entropy against the weak view's class, over the confident rows, by all rows" (fun s ->
                let weak, strong, least = logits s 0, logits s 1, threshold s
                let q = weak.softmax 1L
                let confident = (Scalars.atLeast least (q.amax [| 1L |])).to_type torch.float64

                let target =
                    torch.nn.functional.one_hot(q.argmax 1L, int64 s.Classes).to_type torch.float64

                let each = Numerics.crossEntropy target (strong.softmax 1L)
                let result = loss least weak strong
                Must.agree "loss" (each.mul(confident).mean()) result.Loss
                Must.agree "share" (confident.mean ()) result.Confident)

            Law.always "the share of confident rows lies in [0, 1] and falls with the threshold" (fun s ->
                let share least =
                    Must.value (loss least (logits s 0) (logits s 1)).Confident

                let shares = [ for t in [ 0.05; 0.4; 0.7; 0.9; 1.0 ] -> share t ]
                Must.equal "nothing asked" 1.0 shares.Head
                Must.hold "falls" (shares = List.sortDescending shares))

            Law.always "rows that are not confident are not trained, the others are" (fun s ->
                let weak, strong, least = logits s 0, logits s 1, threshold s
                let gradient = Differentiate.grad (fun x -> (loss least weak x).Loss) strong
                let confident = Scalars.atLeast least ((weak.softmax 1L).amax [| 1L |])

                let felt =
                    gradient.abs().sum(1L).gt(torch.zeros (int64 s.AnchorRows, dtype = torch.float64))

                Must.hold "rows" (felt.eq(confident).all().ToBoolean()))

            Law.always "no gradient passes through the weak view" (fun s ->
                let weak = Draw.leaf (logits s 0)
                (loss 0.05 weak (Draw.leaf (logits s 1))).Loss.backward()
                Must.notBeFelt "weak" weak.grad)

            Law.always "its gradient agrees with central differences" (fun s ->
                Must.differentiate "strong" (fun x -> (loss (threshold s) (logits s 0) x).Loss) (logits s 1))
        ]
