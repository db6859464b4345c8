namespace Paws.Laws

open System
open TorchSharp
open Paws.Model

/// Laws of PAWS + SuNCEt: the published objective with SuNCEt of the supports among themselves added.
[<RequireQualifiedAccess>]
module PawsSuncetLaws =

    /// Options, weight and temperature of the term → options with it.
    type WithTerm = PawsLossOptions -> float -> float -> PawsLossOptions

    let private published (s: Setting) =
        PawsLossOptions.Create(s.Temperature, s.Sharpen, true)

    /// A temperature of the term that is not the objective's.
    let private ofTerm (s: Setting) = 0.5 + s.Temperature

    /// A weight that is neither 0 nor 1.
    let private weight (s: Setting) = if s.Seed % 2 = 0 then 0.3 else 2.5

    // Two images a class: alone in its class an image has nothing of its own among the others.
    let private withTwo (s: Setting) = {
        s with
            ImagesPerClass = s.ImagesPerClass + 1
    }

    let private oneHot (s: Setting) =
        LabelMatrix.create s.Classes s.ImagesPerClass 1 false 0.0

    /// Not one entry differs, in any bit.
    let private same what (expected: torch.Tensor) (actual: torch.Tensor) =
        Must.hold
            $"{what} are the same bits"
            (expected.shape = actual.shape
             && expected.detach().eq(actual.detach ()).all().item<bool>())

    /// Class directions that are as far from each other as can be, the corners of a simplex: [k,k].
    let private corners (s: Setting) : torch.Tensor =
        torch.eye (int64 s.Classes, dtype = torch.float64)
        |> Scalars.shift (-1.0 / float s.Classes)

    /// Laws of the objective from its parts, as PawsLaws.parts has them, and of how the term is asked for.
    let parts (withTerm: WithTerm) evaluate =
        let run (options: PawsLossOptions) (s: Setting) (supports: torch.Tensor) (labels: torch.Tensor) : PawsLossResult =
            evaluate options s.Anchors supports labels s.Targets s.TargetSupports

        let added (s: Setting) weight =
            withTerm (published s) weight (ofTerm s)

        let term (s: Setting) supports labels =
            (run (added s (weight s)) s supports labels).Support

        /// The objective's gradients by anchors, supports, labels, targets and targets' supports.
        let gradients (options: PawsLossOptions) (s: Setting) (part: PawsLossResult -> torch.Tensor) =
            let leaves =
                [ s.Anchors; s.Supports; s.Labels; s.Targets; s.TargetSupports ]
                |> List.map Draw.leaf

            let r: PawsLossResult =
                evaluate options leaves[0] leaves[1] leaves[2] leaves[3] leaves[4]

            (part r).backward()
            leaves |> List.map _.grad

        [
            Law.always "weight 0 is the published objective, value and gradients, bit for bit" (fun s ->
                let expected, actual =
                    run (published s) s s.Supports s.Labels, run (added s 0.0) s s.Supports s.Labels

                same "totals" expected.Total actual.Total
                same "cross-entropies" expected.CrossEntropy actual.CrossEntropy
                same "ME-Max" expected.MeMax actual.MeMax
                Must.lieIn "the term" 0.0 0.0 actual.Support
                let total (r: PawsLossResult) = r.Total

                let expected, actual =
                    gradients (published s) s total, gradients (added s 0.0) s total

                same "gradients by anchors" expected[0] actual[0]
                same "gradients by supports" expected[1] actual[1])

            Law.always "the term is SuNCEt of the supports, with their labels as given, at its own temperature, times its weight" (fun s ->
                let s = withTwo s

                Must.agree
                    "term"
                    (Scalars.multiply (weight s) (SuncetLoss.evaluate (ofTerm s) s.Supports s.Labels))
                    (term s s.Supports s.Labels))

            Law.always "the term is linear in its weight" (fun s ->
                let s = withTwo s

                let at weight =
                    (run (added s weight) s s.Supports s.Labels).Support

                Must.agree "0.5 of it" (Scalars.multiply 0.5 (at 1.0)) (at 0.5)
                Must.agree "7 times it" (Scalars.multiply 7.0 (at 1.0)) (at 7.0))

            Law.always "the total is the sum of all parts, and the other parts are as published" (fun s ->
                let s = withTwo s

                let expected, r =
                    run (published s) s s.Supports s.Labels, run (added s (weight s)) s s.Supports s.Labels

                Must.agree "total" (Scalars.add r.Support (Scalars.add r.CrossEntropy r.MeMax)) r.Total
                same "cross-entropies" expected.CrossEntropy r.CrossEntropy
                same "ME-Max" expected.MeMax r.MeMax
                same "predictions" expected.Predictions r.Predictions
                same "targets" expected.Targets r.Targets)

            Law.always "the term moves supports, and neither anchors nor labels nor targets" (fun s ->
                let s = withTwo { s.Unsaturated with Rows = Gaussian }
                let found = gradients (added s (weight s)) s _.Support
                Must.beFelt "supports" found[1]
                Must.notBeFelt "anchors" found[0]
                Must.notBeFelt "labels" found[2]
                Must.notBeFelt "targets" found[3]
                Must.notBeFelt "targets' supports" found[4])

            Law.regular "gradients add up: those of the published objective, and by supports the term's" (fun s ->
                let s = withTwo s
                let total (r: PawsLossResult) = r.Total

                let expected, actual =
                    gradients (published s) s total, gradients (added s (weight s)) s total

                let supports = Draw.leaf s.Supports
                (SuncetLoss.evaluate (ofTerm s) supports s.Labels).backward()
                Must.agree "by anchors" expected[0] actual[0]
                Must.agree "by supports" (Scalars.add expected[1] (Scalars.multiply (weight s) supports.grad)) actual[1])

            Law.regular "the order of supports does not matter to the term" (fun s ->
                let s = withTwo s
                let order = Draw.permutation s.Random s.SupportRows
                Must.agree "term" (term s s.Supports s.Labels) (term s (Draw.rows order s.Supports) (Draw.rows order s.Labels)))

            Law.regular "neither the lengths of supports nor a rotation or reflection matter to the term" (fun s ->
                let s = withTwo s
                let expected = term s s.Supports s.Labels
                let random = s.Random
                Must.agree "lengths" expected (term s (s.Supports.mul (Draw.factors random s.SupportRows)) s.Labels)
                // Supports alone: the term does not know the anchors.
                Must.agree "rotation" expected (term s (s.Supports.mm (Draw.rotation random s.Width)) s.Labels))

            Law.always "the term is finite and never negative, with finite gradients, in float64 and float32" (fun s ->
                for dtype in [ torch.float64; torch.float32 ] do
                    let cast (x: torch.Tensor) = x.to_type dtype
                    let supports = Draw.leaf (cast s.Supports)

                    let r: PawsLossResult =
                        evaluate (added s (weight s)) (cast s.Anchors) supports (cast s.Labels) (cast s.Targets) (cast s.TargetSupports)

                    Must.beFinite $"value in {dtype}" r.Support
                    Must.lieIn "term" 0.0 infinity r.Support
                    r.Support.backward ()
                    Must.beFinite $"gradient in {dtype}" supports.grad)

            // Jensen: the loss of a row is convex in its cosines, those of one class are at most 1, and the mean cosine of
            // different classes is at least −1/(K − 1), since a sum of unit vectors has no negative square.
            Law.always "the term is least where classes are points as far apart as can be" (fun s ->
                let s = withTwo { s with Width = s.Classes }
                Must.notExceed "term" (term s ((oneHot s).mm(corners s)) (oneHot s)) (term s s.Supports (oneHot s)))

            Law.always "a weight below 0 and a temperature that is not above 0 are refused" (fun s ->
                for weight, temperature in [ -0.1, 0.1; nan, 0.1; infinity, 0.1; 1.0, 0.0; 1.0, -1.0; 1.0, nan ] do
                    let refused =
                        try
                            withTerm (published s) weight temperature |> ignore
                            false
                        with :? ArgumentException ->
                            true

                    Must.hold $"weight {weight} at temperature {temperature} is refused" refused)
        ]

    /// Laws of the objective of a whole batch, as PawsBatchLaws.all has it, among workers too.
    let batch (withTerm: WithTerm) ofBatch =
        let run options (s: Setting) (labels: torch.Tensor) (z: torch.Tensor) (h: torch.Tensor) : PawsLossResult =
            ofBatch options s.SupportRows s.Images s.SmallViews labels z h

        let added (s: Setting) =
            withTerm (published s) (weight s) (ofTerm s)

        [
            Law.regular "the term's supports are those after the prediction head" (fun s ->
                let s = withTwo s
                let z = torch.cat ([| s.Supports; s.Anchors |], 0L)
                let h = torch.cat ([| s.TargetSupports; Targets.swap s.Targets; s.Anchors |], 0L)

                let expected =
                    Scalars.multiply (weight s) (SuncetLoss.evaluate (ofTerm s) s.Supports s.Labels)

                Must.agree "with a head" expected (run (added s) s s.Labels z h).Support
                Must.agree "without one" expected (run (added s) s s.Labels z z).Support)

            Law.regular "every worker has the term of the supports of all, and the mean of their losses its gradient" (fun s ->
                let s = withTwo s
                let w, random = s.Workers, s.Random
                let labels = LabelMatrix.create s.Classes (w * s.ImagesPerClass) 1 false s.Smoothing

                let alone =
                    Array.init w (fun _ -> Draw.leaf (Draw.gaussian random (s.SupportRows + s.AnchorRows) s.Width))

                let rows (z: torch.Tensor) = z.narrow (0L, 0L, int64 s.SupportRows)
                let gathered () = torch.cat (Array.map rows alone, 0L)
                let whole = Draw.leaf (gathered ())

                let expected =
                    Scalars.multiply (weight s) (SuncetLoss.evaluate (ofTerm s) whole labels)

                expected.backward ()

                let workers = {
                    GatherSupports = Func<_, _>(fun _ -> gathered ())
                    AveragePrediction = Func<_, _>(id)
                }

                let terms =
                    alone
                    |> Array.map (fun z -> (run ((added s).WithWorkers workers) s labels z z).Support)

                for term in terms do
                    Must.agree "term of a worker" expected term

                (torch.stack terms).mean().backward()
                Must.agree "gradient" whole.grad (torch.cat (alone |> Array.map (fun z -> rows z.grad), 0L)))
        ]
