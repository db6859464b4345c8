namespace Paws.Model

open System
open TorchSharp

/// What RoPAWS's targets can be set to. Made by Create, which checks the ranges.
type RopawsOptions = {
    /// τ of the similarities, in (0, ∞); published 0.1.
    Temperature: float
    /// τ of the in-domain prior, in (0, ∞); published 3.0 for ImageNet, 0.1 for CIFAR.
    PriorTemperature: float
    /// How many unlabeled images stand for a labeled one, in (0, ∞); published 5.
    LabelRatio: float
    /// Exponent of the in-domain mass in an image's weight, at least 0; published 1.
    PriorPower: float
} with

    /// Throws ArgumentException with the range where a value is out of it.
    static member Create(temperature: float, priorTemperature: float, labelRatio: float, priorPower: float) =
        Checks.positive "temperature" temperature
        Checks.positive "prior temperature" priorTemperature
        Checks.positive "label ratio" labelRatio

        if not (priorPower >= 0.0 && priorPower < infinity) then
            Checks.fail $"prior power must be in [0, ∞), got {priorPower}"

        {
            Temperature = temperature
            PriorTemperature = priorTemperature
            LabelRatio = labelRatio
            PriorPower = priorPower
        }

/// Class distributions of the queries, and how much of each is known.
type RopawsTargets = {
    /// P, [q,k], rows that sum to 1, not yet sharpened, detached.
    Predictions: torch.Tensor
    /// The in-domain mass of each query, [q] in [0, 1], detached.
    InDomain: torch.Tensor
}

/// RoPAWS (Mo et al., ICLR 2023): PAWS for unlabeled data of which a part belongs to no class. Only the targets change: they
/// come from supports and from the other queries, and what is far from every support counts as unknown.
[<RequireQualifiedAccess>]
module Ropaws =

    /// Class distributions of large views from supports and from each other.
    ///
    /// With s = cos(q, S) + τ log(r·q/n), u = cos(q, q) without its diagonal, and the prior exp((max cos(q, S) − 1)/τ_prior):
    /// C = prior · softmax([s, u]/τ) = [C_L, C_U] and P = (I − C_U)⁻¹ C_L Y, the fixed point of P = C_L Y + C_U P. What a row of
    /// P lacks to 1 is spread evenly over the classes.
    ///
    /// supports [n,d]; supportLabels Y [n,k], rows that sum to 1; queries [q,d], all large views (of all workers). Detached.
    let targets (options: RopawsOptions) (supports: torch.Tensor) (supportLabels: torch.Tensor) (queries: torch.Tensor) : RopawsTargets =
        Checks.matrix "supports" supports
        Checks.rows "supportLabels" supports.shape[0] supportLabels
        Checks.matrix "queries" queries
        Checks.sameWidth "queries" queries "supports" supports
        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()
        let supportRows, queryRows = supports.shape[0], queries.shape[0]
        let unit = Numerics.l2Normalise (queries.detach ())
        let toSupports = unit.mm ((Numerics.l2Normalise (supports.detach ())).t()) // [q,d] · [d,n] → [q,n]
        let toQueries = unit.mm (unit.t ()) |> Numerics.withoutDiagonal // [q,q]

        let prior =
            (toSupports.amax ([| 1L |], keepdim = true)
             |> Scalars.shift -1.0
             |> Scalars.divide options.PriorTemperature)
                .exp() // [q,1]

        let ratio = options.LabelRatio * float queryRows / float supportRows
        let raised = Scalars.shift (options.Temperature * log ratio) toSupports

        let weights =
            (torch.cat ([| raised; toQueries |], 1L) |> Scalars.divide options.Temperature).softmax(1L).mul prior // [q,n+q]

        let parts = weights.split ([| supportRows; queryRows |], 1L)
        let known = parts[0].mm(supportLabels.detach ()) // [q,n] · [n,k] → [q,k]
        let identity = torch.eye (queryRows, dtype = known.dtype, device = known.device)
        let solved = torch.linalg.solve (identity.sub parts[1], known) // [q,k]
        let mass = solved.sum (1L, keepdim = true) // [q,1]

        let missing =
            mass.neg () |> Scalars.shift 1.0 |> Scalars.divide (float known.shape[1])

        {
            Predictions = (Scalars.add solved missing).MoveToOuterDisposeScope()
            InDomain = mass.squeeze(1L).MoveToOuterDisposeScope()
        }

    /// The weight of each image's cross-entropy: the mean in-domain mass of its two large views, to the prior power, [2b] → [b].
    let weights (options: RopawsOptions) (inDomain: torch.Tensor) : torch.Tensor =
        if inDomain.dim () <> 1L || inDomain.shape[0] = 0L || inDomain.shape[0] % 2L <> 0L then
            Checks.fail "inDomain must be a vector with two views of each image"

        use scope = torch.NewDisposeScope()
        let views = inDomain.detach().chunk(2L, 0L)

        (Scalars.add views[0] views[1]
         |> Scalars.multiply 0.5
         |> Scalars.power options.PriorPower)
            .MoveToOuterDisposeScope()

    /// PAWS with these targets, from its parts; paws gives sharpening, regulariser, and the classifier of the anchors.
    ///
    /// anchorViews [(2+m)b,d], view by view, large views first; anchorSupports [n,d]; supportLabels [n,k]; largeViews [2b,d], the
    /// large views before the prediction head, not swapped; targetSupports [n,d]. Gradient passes to anchors and their supports.
    let evaluate
        (options: RopawsOptions)
        (paws: PawsLossOptions)
        (anchorViews: torch.Tensor)
        (anchorSupports: torch.Tensor)
        (supportLabels: torch.Tensor)
        (largeViews: torch.Tensor)
        (targetSupports: torch.Tensor)
        : PawsLossResult =
        let found = targets options targetSupports supportLabels largeViews
        use inDomain = found.InDomain
        use predicted = found.Predictions
        use weights = weights options inDomain
        let predictions = paws.Classifier.Invoke(anchorSupports, supportLabels, anchorViews)
        use swapped = Targets.swap predicted
        PawsLoss.ofPredictions paws (Some weights) predictions swapped
