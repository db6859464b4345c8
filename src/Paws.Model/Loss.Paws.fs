namespace Paws.Model

open System
open TorchSharp

/// How the loss meets other workers; both are values passed in, so that nothing here communicates.
type PawsWorkers = {
    /// Supports of this worker [s,d] to those of all workers [w·s,d], worker by worker, with gradient.
    GatherSupports: Func<torch.Tensor, torch.Tensor>
    /// The mean prediction of this worker [k] to that of all workers.
    AveragePrediction: Func<torch.Tensor, torch.Tensor>
} with

    /// One worker: both are the identity.
    static member Single = {
        GatherSupports = Func<_, _>(id)
        AveragePrediction = Func<_, _>(id)
    }

/// The parts of the PAWS objective, as values: a variant is the published objective with one of them replaced.
type PawsLossOptions = {
    /// π: supports [s,d], their labels [s,k] and queries [q,d] to class distributions [q,k].
    Classifier: Func<torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor>
    /// ρ: distributions [n,k] to the distributions [n,k] that serve as targets, and whose mean is p̄.
    Sharpening: Func<torch.Tensor, torch.Tensor>
    /// The mean prediction p̄ [k] to the scalar that is added to the cross-entropy; None adds nothing.
    Regulariser: Func<torch.Tensor, torch.Tensor> option
    /// The supports of all workers [s,d], after the prediction head, and their labels [s,k] to the scalar that is added for them alone;
    /// None, as published, adds nothing.
    SupportTerm: Func<torch.Tensor, torch.Tensor, torch.Tensor> option
    /// How the loss meets other workers.
    Workers: PawsWorkers
} with

    /// The published objective, for one worker: soft nearest neighbours at τ = temperature in (0, ∞), published 0.1; sharpening
    /// at T = sharpen in (0, 1], published 0.25; mean-entropy maximisation with weight 1, if meMax.
    /// Throws ArgumentException with the range where a value is out of it.
    static member Create(temperature: float, sharpen: float, meMax: bool) =
        Checks.positive "temperature" temperature
        Checks.unitInterval "sharpen" sharpen

        {
            Classifier = Func<_, _, _, _>(SoftNearestNeighbours.classify temperature)
            Sharpening = Func<_, _>(Sharpening.sharpen sharpen)
            Regulariser = if meMax then Some(Func<_, _> MeMax.regulariser) else None
            SupportTerm = None
            Workers = PawsWorkers.Single
        }

    /// PAWS + SuNCEt, beyond the paper: the same options with weight · SuNCEt of the supports among themselves added, weight in [0, ∞) and
    /// τ = temperature in (0, ∞). Weight 0 is the objective without it, bit for bit.
    /// Throws ArgumentException with the range where a value is out of it.
    member this.WithSuncet(weight: float, temperature: float) =
        Checks.notNegative "weight" weight
        Checks.positive "temperature" temperature

        {
            this with
                SupportTerm =
                    if weight = 0.0 then
                        None
                    else
                        Some(
                            Func<_, _, _>(fun supports labels ->
                                use suncet = SuncetLoss.evaluate temperature supports labels
                                Scalars.multiply weight suncet)
                        )
        }

    /// The same options among other workers.
    member this.WithWorkers(workers: PawsWorkers) = { this with Workers = workers }

/// The objective and what it was made of. Tensors stay on their device: reading one waits for it.
type PawsLossResult = {
    /// CrossEntropy + MeMax + Support, scalar, the value to minimise. May be negative: MeMax reaches −log K.
    Total: torch.Tensor
    /// Mean of H(target, prediction) over all views, scalar in [0, ∞) nats.
    CrossEntropy: torch.Tensor
    /// −H(p̄), scalar in [−log K, 0] nats; 0 when switched off.
    MeMax: torch.Tensor
    /// What was added for the supports alone, weighted, scalar; 0, as published, without such a term.
    Support: torch.Tensor
    /// Mean over the large views of the target's largest probability, scalar in (0, 1], detached.
    TargetConfidence: torch.Tensor
    /// π of all views, view by view, [(2+m)b,k], with gradient.
    Predictions: torch.Tensor
    /// What they were trained towards, [(2+m)b,k], detached.
    Targets: torch.Tensor
}

/// One step as an objective sees it, of one worker or with the supports of all.
///
/// Letters: b images, m small views, s support rows, d width of the embedding, k classes.
type PawsStep = {
    /// Embeddings of all views after the prediction head, view by view, large views first, [(2+m)b,d]; carry gradient.
    Anchors: torch.Tensor
    /// Embeddings of the supports after the prediction head, [s,d]; carry gradient.
    Supports: torch.Tensor
    /// Labels of the supports, rows that sum to 1, [s,k].
    Labels: torch.Tensor
    /// Embeddings of the large views before the prediction head, swapped: row i is the target of anchor i, [2b,d]. An objective
    /// must not pass gradient to them.
    Targets: torch.Tensor
    /// Embeddings of the supports before the prediction head, [s,d]. An objective must not pass gradient to them.
    TargetSupports: torch.Tensor
    /// m.
    SmallViews: int
}

/// The PAWS objective (section 3 of the paper, appendix for more than two views):
/// mean over all views of H(target, prediction) − H(p̄), with p̄ the mean of the sharpened predictions of all views.
///
/// Letters: b images, m small views, s support rows, d width of the embedding, k classes.
[<RequireQualifiedAccess>]
module PawsLoss =

    /// Large views hold two rows of each image, all views two or more.
    let private checkViews name (views: torch.Tensor) largeName (large: torch.Tensor) =
        Checks.matrix name views
        Checks.matrix largeName large
        let rows, largeRows = views.shape[0], large.shape[0]

        if
            largeRows = 0L
            || largeRows % 2L <> 0L
            || rows < largeRows
            || rows % (largeRows / 2L) <> 0L
        then
            Checks.fail $"{name} must hold 2 + multicrop views and {largeName} 2 of each image, got {rows} and {largeRows} rows"

    /// The objective from class distributions, whatever made them: the place where a variant with targets of its own comes in.
    ///
    /// predictions [(2+m)b,k] of all views, view by view, large views first; targetPredictions [2b,k], not yet sharpened, those
    /// of the large views swapped, so that row i is the target of anchor i; weights [b] of the images' cross-entropies, ≥ 0, or
    /// None for 1. The mean is over all views, whatever their weights; ME-Max is not weighed.
    /// Gradient passes through predictions alone.
    let ofPredictions
        (options: PawsLossOptions)
        (weights: torch.Tensor option)
        (predictions: torch.Tensor)
        (targetPredictions: torch.Tensor)
        : PawsLossResult =
        checkViews "predictions" predictions "targetPredictions" targetPredictions
        let largeRows = targetPredictions.shape[0]
        let multicrop = int ((predictions.shape[0] - largeRows) * 2L / largeRows)
        let targets = Targets.create options.Sharpening.Invoke multicrop targetPredictions
        use scope = torch.NewDisposeScope()
        let crossEntropies = Numerics.crossEntropy targets predictions // [(2+m)b]

        let crossEntropy =
            match weights with
            | None -> crossEntropies.mean ()
            | Some weights ->
                Checks.vector "weights" (largeRows / 2L) weights
                crossEntropies.mul(weights.detach().repeat(2L + int64 multicrop)).mean()

        let meMax =
            match options.Regulariser with
            | Some regulariser ->
                options.Sharpening.Invoke predictions
                |> MeMax.meanPrediction options.Workers.AveragePrediction.Invoke
                |> regulariser.Invoke
            | None -> torch.zeros_like crossEntropy

        {
            Total = (Scalars.add crossEntropy meMax).MoveToOuterDisposeScope()
            CrossEntropy = crossEntropy.MoveToOuterDisposeScope()
            MeMax = meMax.MoveToOuterDisposeScope()
            Support = (torch.zeros_like crossEntropy).MoveToOuterDisposeScope()
            TargetConfidence = targets.narrow(0L, 0L, largeRows).amax([| 1L |]).mean().MoveToOuterDisposeScope()
            Predictions = predictions
            Targets = targets
        }

    /// The same result with what the supports alone add, if anything; the labels are constants.
    let private withSupports (options: PawsLossOptions) (supports: torch.Tensor) (labels: torch.Tensor) (result: PawsLossResult) =
        match options.SupportTerm with
        | None -> result
        | Some term ->
            use constant = labels.detach ()
            use published = result.Total
            use nothing = result.Support
            let support = term.Invoke(supports, constant)

            {
                result with
                    Total = Scalars.add published support
                    Support = support
            }

    /// The objective from its parts. The supports are those of all workers; only the mean prediction is averaged here.
    ///
    /// anchorViews [(2+m)b,d], view by view, large views first; anchorSupports [s,d]; supportLabels [s,k];
    /// targetViews [2b,d], the large views swapped, so that row i is the target of anchor i; targetSupports [s,d].
    /// Gradient passes to the anchors and their supports; targets and target supports are detached.
    let evaluate
        (options: PawsLossOptions)
        (anchorViews: torch.Tensor)
        (anchorSupports: torch.Tensor)
        (supportLabels: torch.Tensor)
        (targetViews: torch.Tensor)
        (targetSupports: torch.Tensor)
        : PawsLossResult =
        checkViews "anchorViews" anchorViews "targetViews" targetViews

        let predictions =
            options.Classifier.Invoke(anchorSupports, supportLabels, anchorViews)

        use constantSupports = targetSupports.detach ()
        use constantLabels = supportLabels.detach ()
        use constantViews = targetViews.detach ()

        use targetPredictions =
            options.Classifier.Invoke(constantSupports, constantLabels, constantViews)

        ofPredictions options None predictions targetPredictions
        |> withSupports options anchorSupports supportLabels

    /// Reduced precision is raised to float32; float32 and float64 stay.
    let private atLeastFloat32 (x: torch.Tensor) =
        if x.dtype = torch.float32 || x.dtype = torch.float64 then
            x
        else
            x.to_type torch.float32

    /// Rows of supports, of large views and of all views in a batch, once z and h are known to hold them.
    let private checkBatch supportRows batch multicrop (z: torch.Tensor) (h: torch.Tensor) =
        Checks.atLeast 1 "supportRows" supportRows
        Checks.atLeast 1 "batch" batch
        Checks.atLeast 0 "multicrop" multicrop

        let supports, largeRows, anchors =
            int64 supportRows, 2L * int64 batch, (2L + int64 multicrop) * int64 batch

        Checks.rows "z" (supports + anchors) z

        if not (obj.ReferenceEquals(z, h)) then
            Checks.matrix "h" h

            if h.shape[0] < supports + largeRows then
                Checks.fail $"h must have at least {supports + largeRows} rows (supports and two large views), got {h.shape[0]}"

        struct (supports, largeRows, anchors)

    /// The parts of a batch, for an objective of one's own; the arguments are those of ofBatch. Targets are detached.
    let step (supportRows: int) (batch: int) (multicrop: int) (supportLabels: torch.Tensor) (z: torch.Tensor) (h: torch.Tensor) : PawsStep =
        let struct (supports, largeRows, anchors) =
            checkBatch supportRows batch multicrop z h

        let after = (atLeastFloat32 z).split([| supports; anchors |], 0L)
        let before = atLeastFloat32 (h.detach().narrow(0L, 0L, supports + largeRows))

        {
            Anchors = after[1]
            Supports = after[0]
            Labels = supportLabels.to_type after[0].dtype
            Targets = Targets.swap (before.narrow (0L, supports, largeRows))
            TargetSupports = before.narrow (0L, 0L, supports)
            SmallViews = multicrop
        }

    /// The objective of one training step from the embeddings of the whole batch; equals evaluate on its slices.
    ///
    /// supportRows s of this worker; batch b; multicrop m; supportLabels [s,k] ([w·s,k] when supports are gathered), converted
    /// to the loss's type; z [s+(2+m)b,d]: embeddings after the prediction head, supports first, then view by view;
    /// h: the same rows before the prediction head (the small views may be missing, they are not read), or z itself without
    /// one. Computed in float32 (float64 for float64). Gradient passes through z alone.
    let ofBatch
        (options: PawsLossOptions)
        (supportRows: int)
        (batch: int)
        (multicrop: int)
        (supportLabels: torch.Tensor)
        (z: torch.Tensor)
        (h: torch.Tensor)
        : PawsLossResult =
        let struct (supports, largeRows, anchors) =
            checkBatch supportRows batch multicrop z h

        let parts = (atLeastFloat32 z).split([| supports; anchors |], 0L)
        let labels = supportLabels.to_type parts[0].dtype
        let gathered = options.Workers.GatherSupports.Invoke parts[0] // [w·s,d]
        let predictions = options.Classifier.Invoke(gathered, labels, parts[1]) // [(2+m)b,k]

        // Without a prediction head targets and anchors are the same embeddings against the same supports: the targets'
        // predictions are already there.
        let large =
            if obj.ReferenceEquals(z, h) then
                predictions.detach().narrow(0L, 0L, largeRows)
            else
                let constant = h.detach ()
                let targetSupports = atLeastFloat32 (constant.narrow (0L, 0L, supports))

                options.Classifier.Invoke(
                    options.Workers.GatherSupports.Invoke targetSupports,
                    labels,
                    atLeastFloat32 (constant.narrow (0L, supports, largeRows))
                )

        ofPredictions options None predictions (Targets.swap large)
        |> withSupports options gathered labels
