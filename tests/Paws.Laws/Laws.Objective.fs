namespace Paws.Laws

open TorchSharp
open Paws.Model

/// An objective of the PAWS family: the setting (for τ and T, or what else it takes from there) and a step → the scalar to minimise.
type Objective = Setting -> PawsStep -> torch.Tensor

/// What every objective of the PAWS family obeys: predictions by similarity to labelled supports, targets that are constants.
/// `ObjectiveLaws.all myObjective |> Law.toTests "mine"` is the one call that a variant's test project needs.
[<RequireQualifiedAccess>]
module ObjectiveLaws =

    /// A random step of a setting.
    let step (s: Setting) = {
        Anchors = s.Anchors
        Supports = s.Supports
        Labels = s.Labels
        Targets = s.Targets
        TargetSupports = s.TargetSupports
        SmallViews = s.SmallViews
    }

    /// The same step with each embedding changed.
    let private map (f: torch.Tensor -> torch.Tensor) (step: PawsStep) = {
        step with
            Anchors = f step.Anchors
            Supports = f step.Supports
            Targets = f step.Targets
            TargetSupports = f step.TargetSupports
    }

    let private gaussian (s: Setting) = { s with Rows = Gaussian }

    /// An order of images, applied to each of so many views.
    let private images (s: Setting) (order: torch.Tensor) views (x: torch.Tensor) =
        let shifted v =
            (Scalars.shift (float (v * s.Images)) order).to_type torch.int64

        Draw.rows (torch.cat (Array.init views shifted, 0L)) x

    let private supports (change: torch.Tensor -> torch.Tensor) (step: PawsStep) = {
        step with
            Supports = change step.Supports
            Labels = change step.Labels
            TargetSupports = change step.TargetSupports
    }

    /// Gradients by anchors, supports, targets and targets' supports; null where none arrived.
    let private gradients (objective: Objective) (s: Setting) (step: PawsStep) =
        let leaves = map Draw.leaf step
        (objective s leaves).backward()
        leaves

    /// The laws that every objective of the family obeys.
    let all (objective: Objective) =
        let value s step = objective s step

        [
            Law.always "the objective is one finite number, with finite gradients, in float64 and float32" (fun s ->
                for dtype in [ torch.float64; torch.float32 ] do
                    let cast (x: torch.Tensor) = x.to_type dtype
                    let step = step s
                    let leaves = { step with Labels = cast step.Labels } |> map (cast >> Draw.leaf)
                    let total = objective s leaves
                    Must.hold "one number" (total.NumberOfElements = 1L)
                    Must.beFinite $"value in {dtype}" total
                    total.backward ()
                    Must.beFinite $"gradient by anchors in {dtype}" leaves.Anchors.grad
                    Must.beFinite $"gradient by supports in {dtype}" leaves.Supports.grad)

            Law.regular "the same step has the same value, and is left as it was" (fun s ->
                let given, kept = step s, step s
                Must.agree "again" (value s given) (value s given)
                Must.agree "anchors" kept.Anchors given.Anchors
                Must.agree "supports" kept.Supports given.Supports
                Must.agree "labels" kept.Labels given.Labels
                Must.agree "targets" kept.Targets given.Targets
                Must.agree "targets' supports" kept.TargetSupports given.TargetSupports)

            Law.regular "the order of supports does not matter" (fun s ->
                let order = Draw.permutation s.Random s.SupportRows
                Must.agree "value" (value s (step s)) (value s (supports (Draw.rows order) (step s))))

            Law.regular "repeating every support changes nothing" (fun s ->
                let twice (x: torch.Tensor) = torch.cat ([| x; x |], 0L)
                Must.agree "value" (value s (step s)) (value s (supports twice (step s))))

            Law.regular "the order of images does not matter" (fun s ->
                let order = Draw.permutation s.Random s.Images
                let given = step s

                let moved = {
                    given with
                        Anchors = images s order (2 + s.SmallViews) given.Anchors
                        Targets = images s order 2 given.Targets
                }

                Must.agree "value" (value s given) (value s moved))

            Law.regular "the order of classes does not matter" (fun s ->
                let order = Draw.permutation s.Random s.Classes
                let given = step s

                Must.agree
                    "value"
                    (value s given)
                    (value s {
                        given with
                            Labels = given.Labels.index_select (1L, order)
                    }))

            Law.regular "the two large views may change places" (fun s ->
                let given = step s
                let b = int64 s.Images
                let large = given.Anchors.narrow (0L, 0L, 2L * b)
                let small = given.Anchors.narrow (0L, 2L * b, int64 s.SmallViews * b)

                let exchanged = {
                    given with
                        Anchors = torch.cat ([| Targets.swap large; small |], 0L)
                        Targets = Targets.swap given.Targets
                }

                Must.agree "value" (value s given) (value s exchanged))

            Law.regular "the lengths of embeddings do not matter" (fun s ->
                let random = s.Random

                let scale (x: torch.Tensor) =
                    x.mul (Draw.factors random (int x.shape[0]))

                Must.agree "value" (value s (step s)) (value s (map scale (step s))))

            Law.regular "a rotation or reflection of the space does not matter" (fun s ->
                let turn = Draw.rotation s.Random s.Width
                Must.agree "value" (value s (step s)) (value s (map _.mm(turn) (step s))))

            Law.regular "no gradient passes through targets and their supports" (fun s ->
                let leaves = gradients objective s (step s)
                Must.notBeFelt "targets" leaves.Targets.grad
                Must.notBeFelt "targets' supports" leaves.TargetSupports.grad)

            Law.always "gradient passes through anchors, and through their supports" (fun s ->
                let s = gaussian s.Unsaturated
                let leaves = gradients objective s (step s)
                Must.beFelt "anchors" leaves.Anchors.grad
                Must.beFelt "supports" leaves.Supports.grad)

            Law.regular "every view of every image is trained" (fun s ->
                // Widths above 2, where no embedding can happen to be as near to all supports.
                let s = {
                    gaussian s.Unsaturated with
                        Width = max 3 s.Width
                }

                let leaves = gradients objective s (step s)
                let sizes = leaves.Anchors.grad.abs().sum(1L)
                Must.hold "each row has a gradient" (sizes.gt(torch.zeros_like sizes).all().item<bool>()))

            Law.regular "gradients by anchors agree with central differences" (fun s ->
                let given = step s
                Must.differentiate "anchors" (fun x -> value s { given with Anchors = x }) given.Anchors)

            Law.regular "gradients by supports agree with central differences" (fun s ->
                let given = step s
                Must.differentiate "supports" (fun x -> value s { given with Supports = x }) given.Supports)

            Law.regular "gradients are tangential: growing an embedding does not change the value" (fun s ->
                let leaves = gradients objective s (step s)
                let along (x: torch.Tensor) = x.detach().mul(x.grad).sum 1L
                Must.agree "anchors" (torch.zeros (int64 s.AnchorRows, dtype = torch.float64)) (along leaves.Anchors)
                Must.agree "supports" (torch.zeros (int64 s.SupportRows, dtype = torch.float64)) (along leaves.Supports))

            Law.regular "float32 is within 2e-3 of float64 for τ ≥ 0.1" (fun s ->
                let s = {
                    s with
                        Temperature = max 0.1 s.Temperature
                }

                let at (dtype: torch.ScalarType) =
                    let cast (x: torch.Tensor) = x.to_type dtype
                    let step = step s
                    (value s ({ step with Labels = cast step.Labels } |> map cast)).to_type torch.float64
                // A target probability beside the threshold of 1e-4 may fall on either side of it, which is worth up to
                // 1e-4 · log(1/p) a row; all else is rounding.
                Must.agreeWithin 2e-3 "value" (at torch.float64) (at torch.float32))

            Law.always "near collapse, targets that are not uniform move the supports (section 4 of the paper)" (fun s ->
                let s = gaussian s.Unsaturated
                let centre = Draw.gaussian s.Random 1 s.Width

                let near rows =
                    Scalars.add
                        (Draw.gaussian (System.Random(s.Seed + rows)) rows s.Width
                         |> Scalars.multiply 1e-3)
                        centre

                let collapsed = {
                    step s with
                        Anchors = near s.AnchorRows
                        Supports = near s.SupportRows
                }

                let leaves = gradients objective s collapsed
                // Not zero: above the rounding of float64. RoPAWS may make the targets nearly uniform, and count the image little.
                Must.hold "the gradient" (Must.value (leaves.Supports.grad.norm ()) > 1e-12))
        ]
