namespace Paws.Reference

open MathNet.Numerics.LinearAlgebra

/// The other losses of the family.
[<RequireQualifiedAccess>]
module Family =

    let private rows (m: Matrix<float>) = m.EnumerateRows() |> Seq.toArray

    /// BYOL: mean of ‖p̂ − ẑ′‖², z′ the target of the other view.
    let byol (predictions: Matrix<float>) (targets: Matrix<float>) =
        let n = predictions.RowCount

        Distributions.meanOf
            (fun i ->
                let difference =
                    Classifier.unit (predictions.Row i)
                    - Classifier.unit (targets.Row((i + n / 2) % n))

                difference.DotProduct difference)
            n

    /// Sinkhorn's algorithm in plain numbers: columns to sum 1, then rows to sum 1.
    let assign epsilon iterations (scores: Matrix<float>) =
        let normaliseColumns (m: Matrix<float>) =
            m.EnumerateColumns()
            |> Seq.map (fun c -> c / c.Sum())
            |> Matrix<float>.Build.DenseOfColumnVectors

        let normaliseRows (m: Matrix<float>) =
            Distributions.mapRows (fun r -> r / r.Sum()) m

        let start = (scores / epsilon).PointwiseExp()

        Seq.fold (fun m _ -> normaliseRows (normaliseColumns m)) start (seq { 1..iterations })

    /// SwAV: views.[v] of view v, the first two large; mean over large views and the views other than each.
    let swav temperature epsilon iterations (prototypes: Matrix<float>) (views: Matrix<float>[]) =
        let scores = views |> Array.map (fun z -> Classifier.cosines z prototypes)

        let predictions =
            scores
            |> Array.map (fun s -> s / temperature |> Distributions.mapRows Distributions.softmax)

        Seq.average (
            seq {
                for large in 0..1 do
                    let assigned = assign epsilon iterations scores[large]

                    for other in 0 .. views.Length - 1 do
                        if other <> large then
                            Distributions.meanOf
                                (fun i -> Distributions.crossEntropy (assigned.Row i) (predictions[other].Row i))
                                assigned.RowCount
            }
        )

    /// RoPAWS: (P, in-domain mass), by summing the series P = Σ C_Uⁿ C_L Y until it stops changing, not by solving a system.
    let ropaws temperature priorTemperature labelRatio (supports: Matrix<float>) (labels: Matrix<float>) (queries: Matrix<float>) =
        let q, n = queries.RowCount, supports.RowCount

        let toSupports, toQueries =
            Classifier.cosines queries supports, Classifier.cosines queries queries

        let shift = temperature * log (labelRatio * float q / float n)

        let mass =
            Array.init q (fun i ->
                let prior = exp (((toSupports.Row i).Maximum() - 1.0) / priorTemperature)

                let logits =
                    Array.init (n + q) (fun j ->
                        if j < n then (toSupports[i, j] + shift) / temperature
                        elif j - n = i then -infinity
                        else toQueries[i, j - n] / temperature)

                let total = Distributions.logSumExp logits
                logits |> Array.map (fun l -> prior * exp (l - total)))

        let toKnown = Matrix<float>.Build.Dense(q, n, fun i j -> mass[i][j])
        let toUnknown = Matrix<float>.Build.Dense(q, q, fun i j -> mass[i][n + j])
        let first = toKnown * labels
        let mutable p, step, rounds = first, first, 0

        while step.L1Norm() > 1e-16 * p.L1Norm() && rounds < 100_000 do
            step <- toUnknown * step
            p <- p + step
            rounds <- rounds + 1

        let known = p.RowSums()

        Matrix<float>.Build.Dense(q, labels.ColumnCount, fun i k -> p[i, k] + (1.0 - known[i]) / float labels.ColumnCount), known

    /// Distillation: mean of H(softmax(teacher/τ), softmax(student/τ)).
    let distillation (temperature: float) (teacher: Matrix<float>) (student: Matrix<float>) =
        Array.map2
            (fun (t: Vector<float>) (s: Vector<float>) ->
                let s = s / temperature
                let total = Distributions.logSumExp s
                // log p without p, which may be too small for a number.
                Seq.map2 (fun t s -> t * (total - s)) (Distributions.softmax (t / temperature)) s
                |> Seq.sum)
            (rows teacher)
            (rows student)
        |> Array.average

    /// FixMatch: (loss, share of confident images).
    let fixMatch threshold (weak: Matrix<float>) (strong: Matrix<float>) =
        let each =
            Array.map2
                (fun weak (strong: Vector<float>) ->
                    let q: Vector<float> = Distributions.softmax weak

                    if q.Maximum() >= threshold then
                        Distributions.logSumExp strong - strong[q.MaximumIndex()], 1.0
                    else
                        0.0, 0.0)
                (rows weak)
                (rows strong)

        Array.averageBy fst each, Array.averageBy snd each
