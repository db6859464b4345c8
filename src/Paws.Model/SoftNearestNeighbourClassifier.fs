namespace Paws.Model

open TorchSharp

/// PAWS-NN: evaluation of an encoder with the soft nearest-neighbours classifier and all labelled images as support.
[<RequireQualifiedAccess>]
module SoftNearestNeighbourClassifier =

    /// Class distributions of queries by a labelled support, without gradient, holding so many similarities at a time
    /// (at least those of one query). The answer does not depend on it.
    ///
    /// similaritiesAtATime ≥ 1; the others as for probabilities.
    let probabilitiesInChunks
        (similaritiesAtATime: int64)
        (temperature: float)
        (classes: int)
        (supports: torch.Tensor)
        (supportLabels: torch.Tensor)
        (queries: torch.Tensor)
        : torch.Tensor =
        Checks.positive "temperature" temperature
        Checks.atLeast 1 "classes" classes
        Checks.matrix "supports" supports
        Checks.atLeast 1 "number of supports" (int supports.shape[0])
        Checks.matrix "queries" queries
        Checks.sameWidth "queries" queries "supports" supports
        let supportRows, queryRows = supports.shape[0], queries.shape[0]

        if supportLabels.dim () <> 1L || supportLabels.shape[0] <> supportRows then
            Checks.fail $"supportLabels must hold one label for each of the {supportRows} supports"

        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()
        let scaled = (Numerics.l2Normalise supports |> Scalars.divide temperature).t() // [s,d] → [d,s]
        let result = queries.new_zeros [| queryRows; int64 classes |]
        let chunk = max 1L (similaritiesAtATime / supportRows)

        for first in 0L .. chunk .. queryRows - 1L do
            use scope = torch.NewDisposeScope()
            let rows = min chunk (queryRows - first)
            let unit = Numerics.l2Normalise (queries.narrow (0L, first, rows))
            let weights = unit.mm(scaled).softmax 1L // [c,d] · [d,s] → [c,s]
            // Hard labels: adding each weight to its class costs c·s, a product with a one-hot matrix c·s·K.
            let column = supportLabels.unsqueeze(0L).expand(rows, supportRows)
            result.narrow(0L, first, rows).scatter_add_(1L, column, weights) |> ignore

        result.MoveToOuterDisposeScope()

    /// Class distributions π of queries by a labelled support, without gradient. Memory beyond the arguments and the result
    /// stays bounded: 2²⁵ similarities at a time, 128 MiB in float32 (twice that at the peak).
    ///
    /// temperature τ in (0, ∞), published 0.1; classes K ≥ 1; supports [s,d]; supportLabels [s], int64 in [0, K);
    /// queries [q,d] → [q,K]. All on one device, and embeddings of one type.
    let probabilities
        (temperature: float)
        (classes: int)
        (supports: torch.Tensor)
        (supportLabels: torch.Tensor)
        (queries: torch.Tensor)
        : torch.Tensor =
        probabilitiesInChunks (1L <<< 25) temperature classes supports supportLabels queries

    /// The share of rows, in [0, 1], whose label is among the k most probable classes; of equally probable classes the lower
    /// number ranks first, so a classifier that says nothing scores as one. Rows that are not numbers count as wrong.
    ///
    /// k ≥ 1; probabilities [q,K]; labels [q], int64 in [0, K). Waits for the device.
    let topK (k: int) (probabilities: torch.Tensor) (labels: torch.Tensor) : float =
        Checks.atLeast 1 "k" k
        Checks.matrix "probabilities" probabilities
        Checks.atLeast 1 "rows of probabilities" (int probabilities.shape[0])
        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()
        let column = labels.unsqueeze 1L // [q] → [q,1]
        let own = probabilities.gather (1L, column) // [q,1]
        let classes = Scalars.range probabilities.shape[1] probabilities.device // [K]

        let ahead =
            (probabilities.gt own).logical_or((probabilities.eq own).logical_and(classes.lt column)) // [q,K]

        let among =
            (ahead.sum (1L, keepdim = true) |> Scalars.less (float k)).logical_and(Scalars.atLeast 0.0 own) // [q,1]

        among.to_type(torch.float64).mean() |> Scalars.value
